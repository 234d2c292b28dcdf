package server

import (
	"log/slog"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	engineserver "github.com/isosocket/isosocket/transport/engineio/server"
)

// enter asks the middleware and answers the client. It is the first thing that
// the inbox does.
func (s *Socket) enter() {
	middleware, onConnect := s.namespace.hooks()
	for _, m := range middleware {
		err := endpoint.Protect("middleware", func() error {
			err := m(s.Context(), s)
			if err != nil {
				_ = err.Error() // a typed nil panics here, where it harms nobody
			}
			return err
		})
		if err != nil {
			s.refuse(err)
			return
		}
	}
	if !s.confirm() {
		return
	}
	s.namespace.server.logSocket(msgJoined, s, "")
	s.namespace.server.trace.Load().connected(s)
	for _, fn := range onConnect {
		if err := endpoint.Protect("connect", func() error { fn(s); return nil }); err != nil {
			s.report(err)
		}
	}
}

// confirm answers the client. Nothing else is sent to it before. It returns false
// if the client is gone.
func (s *Socket) confirm() bool {
	answer := s.namespace.control(parser.Connect, struct {
		SID string `json:"sid"`
	}{s.id})
	s.answerMu.Lock()
	if !s.state.CompareAndSwap(pending, answering) {
		s.answerMu.Unlock()
		return false
	}
	s.entered = true
	err := s.session.Send(answer, engineserver.Control)
	s.state.CompareAndSwap(answering, connected)
	s.conn.joined()
	s.answerMu.Unlock()
	if err == nil {
		s.namespace.server.trace.Load().packetSent(s.conn, answer)
	}
	return true
}

func (s *Socket) refuse(err error) {
	if failed, ok := err.(*event.HandlerError); ok && failed.Stack != nil {
		s.report(err)
	} else {
		s.namespace.server.logRefused(s.conn, slog.LevelInfo, s.namespace.name, "middleware", err)
	}
	s.namespace.server.trace.Load().connectRefused(s, err)
	if s.state.Load() == pending {
		message, data := refusal(err)
		s.conn.sendConnectError(s.namespace.name, message, data)
	}
	s.close(event.ServerNamespaceDisconnect, err)
}
