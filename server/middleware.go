package server

import (
	"context"
	"errors"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
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

// internalError is what a client is told of a mistake of the server's own.
const internalError = "Internal error"

// report logs an error of user code and hands it to Options.OnError.
func (s *Server) report(n *Namespace, socket *Socket, err error) {
	attributes := []any{"namespace", n.name, "error", err}
	if socket != nil {
		attributes = append(attributes, "socket", socket.id)
	}
	if failed, ok := errors.AsType[*event.HandlerError](err); ok && failed.Stack != nil {
		attributes = append(attributes, "stack", string(failed.Stack))
	}
	s.options.Logger.Error("handler failed", attributes...)
	if s.options.OnError == nil {
		return
	}
	if err := endpoint.Contain("error", func() error { s.options.OnError(socket, err); return nil }); err != nil {
		s.options.Logger.Error("Options.OnError failed", "error", err)
	}
}
