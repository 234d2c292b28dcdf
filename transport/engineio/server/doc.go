//go:build !js

// Package engineserver is an Engine.IO server: an [http.Handler] that holds sessions
// with clients on HTTP long-polling and WebSocket. Socket.IO stands on it; it can also
// be used by itself.
//
//	s := engineserver.New(engineserver.Options{Open: func(s *engineserver.Session, r *http.Request) engineserver.Receiver {
//		return &user{s}
//	}})
//	http.Handle("/engine.io/", s)
//
// A session on a WebSocket has one goroutine, its reader. On polling it has none: what
// waits to be sent is taken by the GET that comes by.
//
// https://socket.io/docs/v4/engine-io-protocol/
package engineserver
