// Package engine is the client's side of one Engine.IO session: handshake,
// polling and WebSocket, the upgrade from one to the other, heartbeat and close.
//
// A session is made by [Open] and lives while [Session.Serve] runs, on its
// caller's goroutine, which is the session's reader. Two more goroutines exist
// for a while: one that writes, only while there is something to write, and one
// that probes a WebSocket during an upgrade. Serve waits for both.
//
// https://socket.io/docs/v4/engine-io-protocol/
package engine
