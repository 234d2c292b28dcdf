package server

import (
	"context"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/transport"
	engineserver "github.com/isosocket/isosocket/transport/engineio/server"
)

// Emit sends an event to the client. It is encoded before Emit returns, and
// waits in a queue until the client takes it. The error is one of encoding, a
// [*event.DisconnectError], ErrNotConnected, or ErrBufferFull.
func (s *Socket) Emit(name string, args ...any) error {
	return s.emit(name, args, nil, engineserver.Ordinary)
}

// Buffered returns how many bytes are held of what waits to be sent to the client, on all
// its sockets.
func (s *Socket) Buffered() int { return s.session.Buffered() }

// Drain waits until Buffered is not over most any more, which with 0 means that all was
// handed over. A program that sends much calls it now and then:
//
//	for _, row := range rows {
//		if err := s.Drain(ctx, 1<<20); err != nil {
//			return err
//		}
//		if err := s.Emit("row", row); err != nil {
//			return err
//		}
//	}
//
// The error is a [*event.DisconnectError] or the cause of ctx. A broadcast has no
// Drain, its slowest receiver would decide how long everyone waits: use that of each of
// [Broadcast.Sockets].
func (s *Socket) Drain(ctx context.Context, most int) error {
	err := s.session.AwaitBuffered(ctx, most)
	if err == engineserver.ErrClosed {
		if lost := s.disconnectError(); lost != nil {
			return lost
		}
		return &event.DisconnectError{Reason: event.TransportError, Err: err} // about to be told
	}
	return err
}

// Request sends an event to the client and waits for its answer, see
// [event.Requester]. It may be called in a handler.
func (s *Socket) Request(ctx context.Context, name string, args ...any) (*event.Message, error) {
	return s.acks.Request(ctx, s.namespace.server.options.Format, name, func(id uint64) error {
		return s.emit(name, args, &id, engineserver.Ordinary)
	})
}

func (s *Socket) emit(name string, args []any, id *uint64, kind engineserver.Kind) error {
	group, err := s.namespace.event(name, args, id)
	if err != nil {
		return err
	}
	return s.send(&outgoing{messages: group, kind: kind, event: name, trace: s.namespace.server.trace.Load()})
}

// Volatile returns an emitter to the client that drops what the client is not
// ready for, see [Broadcast.Volatile].
func (s *Socket) Volatile() event.Emitter {
	return endpoint.EmitterFunc(func(name string, args ...any) error {
		return s.emit(name, args, nil, engineserver.Volatile)
	})
}

// outgoing is a packet on its way to one socket or to many.
type outgoing struct {
	messages []transport.Message
	shared   *engineserver.Shared // of the messages, for many; nil for one
	kind     engineserver.Kind
	event    string  // the name of an event; empty for another packet
	trace    *traces // nil without any
}

// toMany returns an event for any number of sockets.
func (n *Namespace) toMany(group []transport.Message, name string, volatile bool) *outgoing {
	return &outgoing{
		messages: group,
		shared:   engineserver.NewShared(group),
		kind:     kindOf(volatile),
		event:    name,
		trace:    n.server.trace.Load(),
	}
}

func kindOf(volatile bool) engineserver.Kind {
	if volatile {
		return engineserver.Volatile
	}
	return engineserver.Ordinary
}

// deliver sends a broadcast's packet to the socket. A client whose buffer is full is
// disconnected, because the caller of a broadcast cannot be told of the gap.
func (s *Socket) deliver(p *outgoing) error {
	err := s.send(p)
	if err == ErrBufferFull {
		s.namespace.server.slow(s.conn)
	}
	return err
}

func (s *Socket) send(p *outgoing) error {
	switch s.settled() {
	case waiting, pending:
		return ErrNotConnected
	case disconnected:
		return s.disconnectError()
	}
	var err error
	if p.shared != nil {
		err = s.session.SendShared(p.shared, p.kind)
	} else {
		err = s.session.Send(p.messages, p.kind)
	}
	if p.trace != nil {
		p.trace.sent(s, p, err)
	}
	switch err {
	case nil, engineserver.ErrDropped:
		return nil
	case engineserver.ErrFull:
		return ErrBufferFull
	default:
		return &event.DisconnectError{Reason: event.TransportError, Err: err}
	}
}

func (s *Socket) disconnectError() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cause
}
