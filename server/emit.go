package server

import (
	"context"

	"github.com/isosocket/isosocket/server/internal/engine"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/transport"
)

// Emit sends an event to the client. It is encoded before Emit returns, and
// waits in a queue until the client takes it. The error is one of encoding, a
// [*event.DisconnectError], or ErrNotConnected.
func (s *Socket) Emit(name string, args ...any) error {
	return s.emit(name, args, nil, false)
}

// Request sends an event to the client and waits for its answer, see
// [event.Requester]. It may be called in a handler.
func (s *Socket) Request(ctx context.Context, name string, args ...any) (*event.Message, error) {
	return s.acks.Request(ctx, s.namespace.server.options.Codec, name, func(id uint64) error {
		return s.emit(name, args, &id, false)
	})
}

func (s *Socket) emit(name string, args []any, id *uint64, volatile bool) error {
	_, group, err := s.namespace.event(name, args, id)
	if err != nil {
		return err
	}
	return s.send(&outgoing{messages: group, volatile: volatile, event: name, trace: s.namespace.server.trace.Load()})
}

// Volatile returns an emitter to the client that drops what the client is not
// ready for, see [Broadcast.Volatile].
func (s *Socket) Volatile() event.Emitter { return volatile{s} }

type volatile struct{ socket *Socket }

func (v volatile) Emit(name string, args ...any) error {
	return v.socket.emit(name, args, nil, true)
}

// outgoing is a packet on its way to one socket or to many.
type outgoing struct {
	messages []transport.Message
	volatile bool
	event    string  // the name of an event; empty for another packet
	trace    *traces // nil without any
}

func (s *Socket) send(p *outgoing) error {
	switch s.settled() {
	case pending:
		return ErrNotConnected
	case disconnected:
		return s.disconnectError()
	}
	err := s.session.Send(p.messages, p.volatile)
	if p.trace != nil {
		p.trace.sent(s, p, err)
	}
	switch err {
	case nil, engine.ErrDropped:
		return nil
	default:
		return &event.DisconnectError{Reason: event.TransportError, Err: err}
	}
}

func (s *Socket) disconnectError() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cause
}
