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
	defer s.manager.unlock()
	err = errNotConnected
	if s.connected() {
		err = s.conn.send(p, engineclient.Volatile)
	}
	if err != nil {
		s.note(nil, p, err)
	}
	return nil
}

// event encodes an event, with an acknowledgement id unless that is nil.
func (s *Socket) event(name string, args []any, id *uint64) (packet, error) {
	group, err := endpoint.EncodeEvent(s.manager.opts.Format, s.namespace, id, name, args)
	if err != nil {
		return packet{}, err
	}
	p := packet{messages: group, event: name}
	if id != nil {
		p.id, p.hasID = *id, true
	}
	return p, nil
}

// control encodes CONNECT without the user's payload, or DISCONNECT.
func (s *Socket) control(t parser.Type, ids ...parser.Member) []transport.Message {
	group, err := s.manager.opts.Format.EncodeControl(t, s.namespace, nil, ids...)
	if err != nil {
		panic("BUG: socketio: encode " + t.String() + ": " + err.Error()) // strings always encode
	}
	return group
}

// send hands the packet to the connection, or buffers it until there is one.
func (s *Socket) send(p packet) error {
	m := s.manager
	m.mu.Lock()
	defer m.unlock()
	if !m.admit(s) {
		return ErrClosed
	}
	full := false
	if s.connected() {
		switch s.conn.send(p, engineclient.Ordinary) {
		case nil:
			return nil
		case engineclient.ErrFull:
			full = true
		}
		// Another error: the connection has ended, which the socket is about to be told.
	}
	if full || !s.buffer.put(p) {
		s.note(nil, p, ErrBufferFull)
		return ErrBufferFull
	}
	return nil
}

// send queues a packet for the server. It is called with manager.mu held.
func (c *connection) send(p packet, kind engineclient.Kind) error {
	err := c.session.Send(p.messages, kind)
	if err == nil {
		c.socket.note(c.session, p, nil)
	}
	return err
}

// control is send for a packet that is not refused. A session that has ended takes
// none: Manager.serve is about to know, and to tell.
func (c *connection) control(p packet) { _ = c.send(p, engineclient.Control) }

// reply returns the function that acknowledges an event received on conn.
func (s *Socket) reply(conn *connection, id uint64) func(args ...any) error {
	return func(args ...any) error {
		group, err := endpoint.EncodeAck(s.manager.opts.Format, s.namespace, id, args)
		if err != nil {
			return err
		}
		s.manager.mu.Lock()
		defer s.manager.unlock()
		if s.conn != conn {
			return context.Cause(conn.ctx) // a later connection knows nothing of the id
		}
		if err := conn.send(packet{messages: group}, engineclient.Control); err != nil {
			return &DisconnectError{Reason: TransportClose, Err: err}
		}
		return nil
	}
}
