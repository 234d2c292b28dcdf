package server

import (
	"errors"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	engineserver "github.com/isosocket/isosocket/transport/engineio/server"
	"github.com/isosocket/isosocket/transport/queue"
)

// On adds a handler for the events of that name, until off is called, see [event.Handler].
func (s *Socket) On(name string, h event.Handler) (off func()) { return s.handlers.On(name, h) }

// Once adds a handler for one event of that name.
func (s *Socket) Once(name string, h event.Handler) (off func()) { return s.handlers.Once(name, h) }

// OnAny adds a handler for the events of every name, called before those of On.
func (s *Socket) OnAny(h event.Handler) (off func()) { return s.handlers.OnAny(h) }

// receive queues an event for the handlers. It waits while they are far behind.
func (s *Socket) receive(p *parser.Packet) {
	if s.state.Load() == disconnected {
		return
	}
	var ack func(args ...any) error
	if p.HasID {
		id := p.ID
		ack = func(args ...any) error { return s.answer(id, args) }
	}
	m := event.NewMessage(s.namespace.server.options.Format, p, ack)
	if trace := s.namespace.server.trace.Load(); trace != nil {
		trace.eventReceived(s, m)
	}
	size := endpoint.PacketSize(p)
	if s.inbox.Put(nil, m, size) == queue.ErrFull {
		s.await(m, size)
	}
}

// await queues an event when there is room, and reads nothing before.
func (s *Socket) await(m *event.Message, size int) {
	if !s.behind {
		s.behind = true
		s.namespace.server.logBehind(s)
	}
	s.acks.Suspend(event.ErrBehind)
	defer s.acks.Resume()
	s.session.Hold(func() {
		_ = s.inbox.PutWait(s.Context(), nil, m, size) // a socket that has left handles nothing more
	})
}

func (s *Socket) answer(id uint64, args []any) error {
	group, err := s.namespace.ack(id, args)
	if err != nil {
		return err
	}
	return s.send(&outgoing{messages: group, kind: engineserver.Answer, trace: s.namespace.server.trace.Load()})
}

// handle gives an event to its handlers.
func (s *Socket) handle(_ any, m *event.Message) {
	if !s.entered {
		return
	}
	if most := s.namespace.server.options.SendBufferBytes / 2; s.session.Buffered() > most {
		// What handlers answer is never refused, so none starts while much of it waits.
		_ = s.session.AwaitBuffered(s.Context(), most)
	}
	trace := s.namespace.server.trace.Load()
	if trace == nil {
		s.handlers.Dispatch(s.Context(), m, s.report)
		return
	}
	ctx, end := trace.handling(s.Context(), s, m)
	var errs []error
	exited := true // until the handlers have returned
	defer func() {
		if exited {
			errs = append(errs, &event.HandlerError{Event: m.Name(), Err: endpoint.ErrExited})
		}
		end(errors.Join(errs...))
	}()
	s.handlers.Dispatch(ctx, m, func(err error) {
		errs = append(errs, err)
		s.report(err)
	})
	exited = false
}

func (s *Socket) report(err error) { s.namespace.server.report(s.namespace, s, err) }
