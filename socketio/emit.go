package socketio

import (
	"context"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
	engineclient "github.com/isosocket/isosocket/transport/engineio/client"
)

// Emit sends an event. While the socket is not connected the packet is buffered,
// and sent in order as soon as it is.
//
// The arguments are encoded before Emit returns, so the caller may change them
// then. An error means that nothing is sent: an [*event.EncodeError], one that
// matches [event.ErrReserved], [ErrBufferFull] or [ErrClosed]. Emit does not wait
// for the network.
func (s *Socket) Emit(name string, args ...any) error {
	p, err := s.event(name, args, nil)
	if err != nil {
		return err
	}
	return s.send(p)
}

// Request sends an event and waits for its acknowledgement, for as long as ctx
// allows: its deadline is the only timeout. The returned Message holds the
// arguments of the acknowledgement.
//
// While the socket is not connected the packet is buffered like that of Emit; it
// is taken back when ctx is over before it was sent. The error is that of Emit,
// the cause of ctx, an [*AckError] that the other side answered with, or a
// [*DisconnectError] when the connection ended with the event sent and no answer
// received.
//
// It may be called in a handler: acknowledgements do not wait for handlers. Give
// it a deadline there, because of what is said at [Socket].
func (s *Socket) Request(ctx context.Context, name string, args ...any) (*Message, error) {
	var sent packet
	reply, err := s.acks.Request(ctx, s.manager.format, name, func(id uint64) (err error) {
		if sent, err = s.event(name, args, &id); err != nil {
			return err
		}
		return s.send(sent)
	})
	if err != nil && sent.hasID {
		s.takeBack(sent.id) // if it is not sent yet, because nobody waits for the answer any more
	}
	return reply, err
}

// Volatile returns an emitter of events that may be lost: those that cannot be
// written at once, because the socket is not connected or an earlier write is not
// done, are dropped, and Emit returns nil.
func (s *Socket) Volatile() event.Emitter { return endpoint.EmitterFunc(s.emitVolatile) }

func (s *Socket) emitVolatile(name string, args ...any) error {
	p, err := s.event(name, args, nil)
	if err != nil {
		return err
	}
	s.manager.mu.Lock()
	defer s.manager.mu.Unlock()
	if s.connected() {
		_ = s.conn.session.Send(p.messages, engineclient.Volatile) // an error means that it is lost
	}
	return nil
}

// event encodes an event, with an acknowledgement id unless that is nil.
func (s *Socket) event(name string, args []any, id *uint64) (packet, error) {
	group, err := endpoint.EncodeEvent(s.manager.format, s.namespace, id, name, args)
	if err != nil {
		return packet{}, err
	}
	p := packetOf(group)
	if id != nil {
		p.id, p.hasID = *id, true
	}
	return p, nil
}

// control encodes CONNECT without the user's payload, or DISCONNECT.
func (s *Socket) control(t parser.Type, ids ...parser.Member) packet {
	group, err := s.manager.format.EncodeControl(t, s.namespace, nil, ids...)
	if err != nil {
		panic("BUG: socketio: encode " + t.String() + ": " + err.Error()) // strings always encode
	}
	return packetOf(group)
}

// packetOf returns the messages of a packet as they go out. With its copies in four
// callers a browser program would be 2 KB larger.
//
//go:noinline
func packetOf(group []transport.Message) packet {
	return packet{messages: group, size: endpoint.Size(group)}
}

// send hands the packet to the connection, or buffers it until there is one.
func (s *Socket) send(p packet) error {
	s.manager.mu.Lock()
	defer s.manager.mu.Unlock()
	if !s.manager.admit(s) {
		return ErrClosed
	}
	if s.connected() {
		switch s.conn.session.Send(p.messages, engineclient.Ordinary) {
		case nil:
			return nil
		case engineclient.ErrFull:
			return ErrBufferFull
		}
		// The connection has ended, which the socket is about to be told.
	}
	return s.buffer.put(p)
}

// takeBack removes a packet that waits to be sent.
func (s *Socket) takeBack(id uint64) {
	s.manager.mu.Lock()
	s.buffer.remove(id)
	s.manager.mu.Unlock()
}

// reply returns the function that acknowledges an event received on conn.
func (s *Socket) reply(conn *connection, id uint64) func(args ...any) error {
	return func(args ...any) error {
		group, err := s.manager.format.EncodeAck(s.namespace, id, args)
		if err != nil {
			return err
		}
		p := packetOf(group)
		s.manager.mu.Lock()
		defer s.manager.mu.Unlock()
		if s.conn != conn {
			return context.Cause(conn.ctx) // a later connection knows nothing of the id
		}
		if err := conn.session.Send(p.messages, engineclient.Control); err != nil {
			return &DisconnectError{Reason: TransportClose, Err: err}
		}
		return nil
	}
}
