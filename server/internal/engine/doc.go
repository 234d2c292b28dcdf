// Package engine is the server side of Engine.IO sessions: the HTTP requests,
// the two transports, heartbeat, upgrade and close.
//
// A [Session] is a mutex, the state machines heartbeat, upgrade and closing, whose
// transitions take the time and start nothing, one timer for the earliest of
// their deadlines, and one queue of encoded messages on their way out. While a
// session is on a WebSocket the queue is drained into it; while it is on polling
// the queue is paused, and the GET that comes by takes what is there.
//
// https://socket.io/docs/v4/engine-io-protocol/
package engine
