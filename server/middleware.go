package server

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/isosocket/isosocket/socketio/event"
)

// Middleware is asked about a connection to a namespace before it is answered. An
// error refuses it: the client gets the error's text, or the Message and Data of
// a [*ConnectError]. ctx is [Socket.Context]: it is canceled when the client has gone.
//
// The socket cannot send yet. It may join rooms and get handlers.
// https://socket.io/docs/v4/middlewares/
type Middleware func(ctx context.Context, s *Socket) error

// PanicError tells that a middleware or a function given to OnConnect, OnDisconnecting or
// OnDisconnect panicked.
type PanicError struct {
	Value any    // what it panicked with
	Stack []byte // of its goroutine
}

// Error tells the value, without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("server: handler panicked: %v", e.Value) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// protect calls fn and returns its panic as an error.
func protect(fn func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return fn()
}

// refusal is what the client gets to see of a middleware's error. Of a panic it
// sees nothing.
func refusal(err error) (message string, data any) {
	var refused *ConnectError
	var panicked *PanicError
	switch {
	case errors.As(err, &panicked):
		return "Internal error", nil
	case errors.As(err, &refused):
		return refused.Message, refused.Data
	}
	return err.Error(), nil
}

// report logs an error of user code and hands it to Options.OnError.
func (s *Server) report(n *Namespace, socket *Socket, err error) {
	attributes := []any{"namespace", n.name, "error", err}
	if socket != nil {
		attributes = append(attributes, "socket", socket.id)
	}
	var handler *event.HandlerError
	var panicked *PanicError
	switch {
	case errors.As(err, &handler) && handler.Stack != nil:
		attributes = append(attributes, "stack", string(handler.Stack))
	case errors.As(err, &panicked):
		attributes = append(attributes, "stack", string(panicked.Stack))
	}
	s.options.Logger.Error("handler failed", attributes...)
	if s.options.OnError == nil {
		return
	}
	if err := protect(func() error { s.options.OnError(socket, err); return nil }); err != nil {
		s.options.Logger.Error("Options.OnError failed", "error", err)
	}
}
