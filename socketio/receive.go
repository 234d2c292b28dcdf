package socketio

import (
	"errors"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	engineclient "github.com/isosocket/isosocket/transport/engineio/client"
	"github.com/isosocket/isosocket/transport/queue"
)

// On adds a handler for the events of that name, until off is called. What
// becomes of an error it returns is told at [event.Handler].
func (s *Socket) On(name string, h Handler) (off func()) { return s.handlers.On(name, h) }

// Once is On for a single event.
func (s *Socket) Once(name string, h Handler) (off func()) { return s.handlers.Once(name, h) }

// OnAny adds a handler for all events. It is called before those of On.
func (s *Socket) OnAny(h Handler) (off func()) { return s.handlers.OnAny(h) }

// receive acts on a packet. The error ends the session.
func (m *Manager) receive(session *session, p *parser.Packet) error {
	m.mu.Lock()
	s := m.find(p.Namespace)
	if s == nil || s.conn == nil {
		m.mu.Unlock()
		return nil // a namespace that was left
	}
	conn := s.conn
	var arrived []arrival
	var err error
	switch p.Type {
	case parser.Connect:
		arrived, err = s.confirmed(conn, p)
	case parser.ConnectError:
		s.refused(endpoint.ConnectError(m.opts.Format, p))
	case parser.Disconnect:
		if conn.sid != "" {
			s.end(ServerDisconnect, nil)
			s.deactivate(&DisconnectError{Reason: ServerDisconnect})
		}
	case parser.Ack:
		m.mu.Unlock()
		if p.HasID { // one that answers nothing is ignored, like one that comes twice
			reply := *p // so that only the packet of an acknowledgement is allocated
			s.acks.Resolve(reply.ID, &reply)
		}
		return nil
	case parser.Event:
		switch a := s.arrival(conn, p); {
		case conn.sid != "":
			arrived = []arrival{a}
		case conn.recovering:
			err = conn.keep(a)
		}
		// else it is for a socket that was left, and was under way when DISCONNECT was written
	}
	recovers := s.recovery.pid != ""
	m.unlock()
	trace := m.tracer.Load()
	for _, a := range arrived {
		if trace != nil {
			trace.EventReceived(s, a.message)
		}
		if s.inbox.Put(conn, a.message, a.size) == queue.ErrFull {
			s.await(conn, a)
		}
		if recovers {
			s.count(a.message)
		}
	}
	return err
}

// await queues an event when there is room, and reads nothing before. When the session
// ends meanwhile it is queued all the same: the server has sent it, and will not again.
func (s *Socket) await(conn *connection, a arrival) {
	if !s.behind {
		s.behind = true
		s.manager.opts.reportError(errBehind)
	}
	s.acks.Suspend(event.ErrBehind)
	defer s.acks.Resume()
	conn.session.Hold(func() {
		if s.inbox.PutWait(conn.session.Context(), conn, a.message, a.size) != nil {
			s.inbox.Force(conn, a.message, a.size)
		}
	})
}

// count notes for the recovery that an event is sure to be handled.
func (s *Socket) count(m *event.Message) {
	s.manager.mu.Lock()
	defer s.manager.mu.Unlock()
	s.recovery.received(m)
}

// arrival is an event that has come.
type arrival struct {
	message *event.Message
	size    int
}

func (s *Socket) arrival(conn *connection, p *parser.Packet) arrival {
	var ack func(args ...any) error
	if p.HasID {
		ack = s.reply(conn, p.ID)
	}
	return arrival{event.NewMessage(s.manager.opts.Format, p, ack), endpoint.PacketSize(p)}
}

// The bounds of what a server may send before it has confirmed the namespace:
// the events that a recovered connection has missed.
const (
	maxEarly      = 10_000
	maxEarlyBytes = 64 << 20
)

var errTooMuchEarly = errors.New("socketio: too many events before the answer to CONNECT")

// keep holds an event back until the connection is confirmed: a server that
// recovers a session sends what was missed before its answer.
func (c *connection) keep(a arrival) error {
	c.earlyBytes += a.size
	if len(c.early) == maxEarly || c.earlyBytes > maxEarlyBytes {
		return errTooMuchEarly
	}
	c.early = append(c.early, a)
	return nil
}

var errConfirmedTwice = errors.New("socketio: a second answer to CONNECT")

// confirmed is called with manager.mu held, for the answer to CONNECT. It returns
// the events that came before it.
// https://socket.io/docs/v4/socket-io-protocol/#connection-to-a-namespace
func (s *Socket) confirmed(conn *connection, p *parser.Packet) ([]arrival, error) {
	var answer struct {
		SID string `json:"sid"`
		PID string `json:"pid"`
	}
	if err := s.manager.value(p).Decode(&answer); err != nil {
		return nil, err
	}
	switch {
	case conn.sid != "":
		return nil, errConfirmedTwice
	case answer.SID == "": // Socket.IO 2 connects "/" unasked, with nothing but the type
		return nil, ErrVersion
	case !s.active: // Disconnect came before the answer
		conn.control(packet{messages: s.control(parser.Disconnect)})
		s.leftOn = conn.session
		s.drop(errNotConnected)
		return nil, nil
	}
	conn.sid, conn.session.joined = answer.SID, true
	conn.recovered = s.recovery.connected(answer.PID)
	s.context, s.lastErr = conn.ctx, nil
	waiting := s.buffer.take()
	for i, p := range waiting {
		if conn.send(p, engineclient.Accepted) != nil { // the connection has ended
			s.buffer.putBack(waiting[i:])
			break
		}
	}
	s.manager.drained()
	s.outcome.settle(nil)

	s.later("connect", &s.onConnect, "", nil)
	early := conn.early
	conn.early = nil
	return early, nil
}

// value returns what a control packet carries.
func (m *Manager) value(p *parser.Packet) parser.Value {
	return parser.Value{Format: m.opts.Format, Data: p.Data, Attachments: p.Attachments}
}

// handle gives an event to its handlers.
func (s *Socket) handle(from any, m *event.Message) {
	conn := from.(*connection)
	if most := s.manager.opts.SendBufferBytes; most > 0 && conn.session.Buffered() > most {
		// What handlers answer is never refused, so none starts while that much waits.
		_ = conn.session.AwaitBuffered(conn.ctx, most)
	}
	switch t := s.manager.tracer.Load(); {
	case conn.left.Load():
	case t != nil:
		t.handle(t.Trace, conn, m)
	default:
		s.handlers.Dispatch(conn.ctx, m, s.manager.opts.reportError)
	}
}
