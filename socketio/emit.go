package socketio

import (
	"context"

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
	reply, err := s.acks.Request(ctx, s.manager.opts.Codec, name, func(id uint64) (err error) {
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
func (s *Socket) Volatile() event.Emitter { return volatile{s} }

type volatile struct{ socket *Socket }

func (v volatile) Emit(name string, args ...any) error {
	s := v.socket
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
	p := parser.Packet{Type: parser.Event, Namespace: s.namespace}
	if id != nil {
		p.ID, p.HasID = *id, true
	}
	text, err := event.EncodeEvent(s.manager.opts.Codec, nil, &p, name, args...)
	if err != nil {
		return packet{}, err
	}
	return packetOf(text, &p), nil
}

// ack encodes the answer to the event with that id.
func (s *Socket) ack(id uint64, args []any) (packet, error) {
	p := parser.Packet{Type: parser.Ack, Namespace: s.namespace, ID: id, HasID: true}
	text, err := event.EncodeAck(s.manager.opts.Codec, nil, &p, args...)
	if err != nil {
		return packet{}, err
	}
	return packetOf(text, &p), nil
}

// control encodes a packet of another type, with its data.
func (s *Socket) control(t parser.Type, data []byte) packet {
	p := parser.Packet{Type: t, Namespace: s.namespace, Data: data}
	return packetOf(parser.Append(nil, &p), &p)
}

// packetOf returns what a connection carries for the packet, whose text message is given.
func packetOf(text []byte, p *parser.Packet) packet {
	messages := make([]transport.Message, 1, 1+len(p.Attachments))
	messages[0].Data = text
	size := len(text)
	for _, attachment := range p.Attachments {
		messages = append(messages, transport.Message{Data: attachment, Binary: true})
		size += len(attachment)
	}
	return packet{messages: messages, size: size, id: p.ID, hasID: p.HasID && p.Type == parser.Event}
}

// send hands the packet to the connection, or buffers it until there is one.
func (s *Socket) send(p packet) error {
	s.manager.mu.Lock()
	defer s.manager.mu.Unlock()
	if s.manager.closed {
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
		p, err := s.ack(id, args)
		if err != nil {
			return err
		}
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
