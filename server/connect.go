package server

import (
	"errors"
	"log/slog"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
	engineserver "github.com/isosocket/isosocket/transport/engineio/server"
)

// enter asks the middleware and answers the client. It is the first thing that
// the inbox does.
func (s *Socket) enter() {
	middleware, onConnect := s.namespace.hooks()
	told, err := s.examine(middleware)
	s.conn.ran(s)
	if err != nil {
		s.turnAway(told, err)
		return
	}
	if !s.confirm() {
		return
	}
	s.namespace.server.logSocket(msgJoined, s, "")
	s.namespace.server.trace.Load().connected(s)
	for _, fn := range onConnect {
		s.call("connect", func() { fn(s) })
	}
}

// examine calls the middleware until one refuses or the socket is closed. told is what
// the client gets to see of the error, nil if that is the server's own.
func (s *Socket) examine(middleware []Middleware) (told *ConnectError, err error) {
	err = endpoint.Contain("middleware", func() error {
		for _, m := range middleware {
			if s.state.Load() != pending {
				return nil
			}
			if err := m(s.Context(), s); err != nil {
				told, _ = errors.AsType[*ConnectError](err)
				return err
			}
		}
		return nil
	})
	return told, err
}

// turnAway answers the client with what its middleware says, if it still waits for that. The
// server's own errors are reported.
func (s *Socket) turnAway(told *ConnectError, err error) {
	answer := ConnectError{Message: internalError}
	if told != nil {
		answer = *told
	}
	refused := s.refuse(err, s.conn.connectError(s.namespace.name, answer))
	failed, ok := err.(*event.HandlerError)
	switch {
	case ok && failed != nil && failed.Stack != nil:
		s.report(err)
	case refused && told == nil:
		s.report(&event.HandlerError{Event: "middleware", Err: err})
	case refused:
		s.namespace.server.logRefused(s.conn, slog.LevelInfo, s.namespace.name, "middleware", err)
	}
}

// confirm answers the client. Nothing else is sent to it before. It returns false
// if the socket is closed.
func (s *Socket) confirm() bool {
	answer := s.namespace.control(parser.Connect, struct {
		SID string `json:"sid"`
	}{s.id})
	s.mu.Lock()
	if !s.state.CompareAndSwap(pending, answering) {
		s.mu.Unlock()
		return false
	}
	s.entered = true
	err := s.session.Send(answer, engineserver.Control)
	s.state.Store(connected)
	s.mu.Unlock()
	s.conn.joined()
	if err == nil {
		s.namespace.server.trace.Load().packetSent(s.conn, answer)
	}
	return true
}

// refuse closes the socket and answers the client, if that waits for an answer.
func (s *Socket) refuse(err error, answer []transport.Message) bool {
	refused := s.end(event.ServerNamespaceDisconnect, err, answer, nil) <= pending
	if refused {
		s.namespace.server.trace.Load().connectRefused(s, err)
	}
	return refused
}

// call calls a function of the user. What becomes of it changes nothing for the socket.
func (s *Socket) call(name string, fn func()) {
	if err := endpoint.Contain(name, func() error { fn(); return nil }); err != nil {
		s.report(err)
	}
}
