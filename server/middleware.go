package server

import (
	"context"
	"log/slog"

	"github.com/isosocket/isosocket/socketio/endpoint"
)

// Middleware is asked about a connection to a namespace before it is answered. An
// error refuses it. The client gets to see the Message and Data of a [*ConnectError], which the error
// may wrap. Any other error is the server's own: it is logged, handed to
// Options.OnError, and the client is told no more than "Internal error".
//
// ctx is [Socket.Context]: it is canceled when the client has gone, or wants
// something else. The result does not count then, and no other run begins for the client and the
// namespace until this one has returned.
//
// The socket cannot send yet. It may join rooms and get handlers.
// https://socket.io/docs/v4/middlewares/
type Middleware func(ctx context.Context, s *Socket) error

// invalidNamespace is what a client is told that asks for a namespace that does not exist.
const invalidNamespace = "Invalid namespace"

// internalError is what a client is told of a mistake of the server's own.
const internalError = "Internal error"

// report logs an error of user code and hands it to Options.OnError.
func (s *Server) report(n *Namespace, socket *Socket, err error) {
	s.log.say(slog.LevelError, msgFailed, "", func(l attributes) attributes {
		l = append(l, slog.String("namespace", n.name))
		if socket != nil {
			l = append(l, slog.String("socket", socket.id)).text("remote", socket.conn.handshake.RemoteAddr)
		}
		return l.error(err)
	})
	if s.options.OnError == nil {
		return
	}
	if err := endpoint.Contain("error", func() error { s.options.OnError(socket, err); return nil }); err != nil {
		s.logError(slog.LevelError, "Options.OnError failed", err)
	}
}
