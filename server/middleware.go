package server

import (
	"context"
	"errors"
	"log/slog"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
)

// Middleware is asked about a connection to a namespace before it is answered. An
// error refuses it: the client gets the error's text, or the Message and Data of
// a [*ConnectError]. ctx is [Socket.Context]: it is canceled when the client has gone.
//
// The socket cannot send yet. It may join rooms and get handlers.
// https://socket.io/docs/v4/middlewares/
type Middleware func(ctx context.Context, s *Socket) error

// refusal is what the client gets to see of a middleware's error. Of a panic it
// sees nothing.
func refusal(err error) (message string, data any) {
	if failed, ok := errors.AsType[*event.HandlerError](err); ok && failed.Stack != nil {
		return internalError, nil
	}
	if refused, ok := errors.AsType[*ConnectError](err); ok && refused != nil {
		return refused.Message, refused.Data
	}
	return err.Error(), nil
}

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
	if err := endpoint.Protect("error", func() error { s.options.OnError(socket, err); return nil }); err != nil {
		s.logError(slog.LevelError, "Options.OnError failed", err)
	}
}
