// Package engineclient is an Engine.IO client: one session with a server, by HTTP
// long-polling, WebSocket, or the first upgraded to the second. Socket.IO stands on
// it; it can also be used by itself.
//
//	s, err := engineclient.Open(ctx, engineclient.Options{URL: "http://host/engine.io/", …})
//	if err != nil {
//		return err
//	}
//	err = s.Send([]transport.Message{{Data: []byte("hello")}}, engineclient.Ordinary)
//	reason, err := s.Serve(func(m transport.Message) { … })
//
// A session is made by [Open] and lives while [Session.Serve] runs, on its caller's
// goroutine, which is the session's reader. Two more goroutines exist for a while:
// one that writes, only while there is something to write, and one that probes a
// WebSocket during an upgrade. Serve waits for both.
//
// The network is that of a runtime, see package transport: the same code runs
// natively and in a browser.
//
// https://socket.io/docs/v4/engine-io-protocol/
package engineclient
