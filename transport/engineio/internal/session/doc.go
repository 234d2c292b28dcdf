// Package session is one Engine.IO connection, the same for both ends: what waits
// to be sent, life and end, heartbeat and deadlines, the WebSocket, and the switch
// to it. What the ends do differently is in the packages that stand on it.
//
// A [Session] is a mutex, small state machines whose transitions take the time and
// start nothing, one timer for the earliest of their deadlines, and one queue of
// encoded messages on their way out, which is drained into the [Transport] that the
// session is on. While nothing happens nothing runs but the reader of a WebSocket.
//
// https://socket.io/docs/v4/engine-io-protocol/
package session
