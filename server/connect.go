package server

import (
	"encoding/json"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
)

// enter asks the middleware and answers the client. It is the first thing that
// the inbox does.
func (s *Socket) enter() {
	middleware, onConnect := s.namespace.hooks()
	for _, m := range middleware {
		if err := protect(func() error { return m(s.Context(), s) }); err != nil {
			s.refuse(err)
			return
		}
	}
	if !s.confirm() {
		return
	}
	s.namespace.server.trace.Load().connected(s)
	for _, fn := range onConnect {
		if err := protect(func() error { fn(s); return nil }); err != nil {
			s.report(err)
		}
	}
}

// confirm answers the client. Nothing else is sent to it before. It returns false
// if the client is gone.
func (s *Socket) confirm() bool {
	data, err := json.Marshal(struct {
		SID string `json:"sid"`
	}{s.id})
	if err != nil {
		panic("BUG: server: encode socket id: " + err.Error()) // a string always encodes
	}
	answer := control(parser.Connect, s.namespace.name, data)
	s.answerMu.Lock()
	if !s.state.CompareAndSwap(pending, answering) {
		s.answerMu.Unlock()
		return false
	}
	s.entered = true
	err = s.session.Send(answer, false)
	s.state.CompareAndSwap(answering, connected)
	s.conn.joined()
	s.answerMu.Unlock()
	if err == nil {
		s.namespace.server.trace.Load().packetSent(s.conn, answer)
	}
	return true
}

func (s *Socket) refuse(err error) {
	if _, panicked := err.(*PanicError); panicked {
		s.report(err)
	}
	s.namespace.server.trace.Load().connectRefused(s, err)
	if s.state.Load() == pending {
		message, data := refusal(err)
		s.conn.sendConnectError(s.namespace.name, message, data)
	}
	s.close(event.ServerNamespaceDisconnect, err)
}
