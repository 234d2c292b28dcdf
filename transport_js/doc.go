//go:build js

// Package transportjs is what a browser, a worker or Node.js gives to a client
// compiled with GOOS=js: the runtime's own WebSocket and fetch as a
// [transport.Platform].
//
// Nothing is to be set up, because package socketio uses Platform(nil) under js. A
// page that sends cookies to another origin hands over its own:
//
//	platform := transportjs.Platform(&transportjs.Config{Credentials: "include"})
//	socket, err := socketio.New(url, &socketio.Options{Platform: platform})
//
// # Batches
//
// Entering Go from JavaScript costs more than all the rest of receiving a small
// message. So each message of a quiet line is handled by a callback of its own,
// and the messages of a burst are collected by functions of the browser and
// handed to Go in one callback. Nothing is evaluated: a content security policy
// needs 'wasm-unsafe-eval' for Go itself and nothing for this package. The messages of a
// batch share memory: who keeps a small one for long should copy it.
//
// # Blocking
//
// JavaScript and Go share one thread. Dial, Read, Write and RoundTrip wait, and so
// must not be called in a function that JavaScript called (a js.Func): the event they wait for
// would never come. Start a goroutine there.
//
// # End of the program
//
// What JavaScript holds of a connection is taken back by Close, or when the
// connection ends by itself. A program whose main returns before leaves listeners
// behind, and each further event then throws "Go program has already exited".
//
// # Limitations
//
//   - A WebSocket of a browser sends no headers, and does not tell why it could not
//     be opened: the error of Dial has no HTTP status.
//   - A page is not told where a redirect leads, and fetch would follow it to any origin with
//     the body of a POST. So polling follows none, and its error does not name the address.
//   - A page sees Retry-After of another origin only if that says so, with
//     Access-Control-Expose-Headers.
//   - A WebSocket has no back-pressure for what it receives. A connection with more than
//     64 MiB of messages that nobody reads ends with [ErrUnread].
//   - A message over the limit is refused after the browser has received it.
//   - It closes with code 1000 or with 3000 to 4999 only. Close sends the other codes of
//     the protocol with 3000 added (1009 becomes 4009).
//   - In a hidden page timers run once a second. Messages are not delayed.
//   - A text that begins with a byte order mark is sent without it.
//   - Node.js has a WebSocket from version 22 on; from 20.10 on with the flag
//     --experimental-websocket. When it fails to send it drops what it has received and
//     was not read yet.
package transportjs
