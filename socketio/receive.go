package socketio

import (
	"encoding/json"
	"errors"

	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	engineclient "github.com/isosocket/isosocket/transport/engineio/client"
	"github.com/isosocket/isosocket/transport/queue"
)

// receiver takes the messages of one session, on its reader.
type receiver struct {
	manager *Manager
	session *engineclient.Session
	decoder parser.Decoder
}

func (r *receiver) receive(m transport.Message) {
	decode := r.decoder.Text
	if m.Binary {
		decode = r.decoder.Binary
	}
	p, complete, err := decode(m.Data)
	if err == nil && complete {
		err = r.manager.handle(r.session, &p)
	}
	switch {
	case errors.Is(err, ErrVersion):
		r.session.Abort(engineio.TransportError, err)
	case err != nil:
		r.session.Abort(engineio.ParseError, err)
	}
}

// handle acts on a packet. The error ends the session.
func (m *Manager) handle(session *engineclient.Session, p *parser.Packet) error {
	m.mu.Lock()
	s := m.find(p.Namespace)
	if s == nil || s.conn == nil {
		m.mu.Unlock()
		return nil // a namespace that was left
	}
	conn := s.conn
	var tasks []task
	var err error
	switch p.Type {
	case parser.Connect:
		tasks, err = s.confirmed(conn, p.Data)
	case parser.ConnectError:
		s.refused(newConnectError(s.namespace, p.Data))
	case parser.Disconnect:
		if conn.sid != "" {
			s.end(ServerDisconnect, nil)
			s.deactivate(&DisconnectError{Reason: ServerDisconnect})
		}
	case parser.Ack:
		m.mu.Unlock()
		if p.HasID { // one that answers nothing is ignored, like one that comes twice
			s.acks.Resolve(p.ID, p)
		}
		return nil
	case parser.Event:
		if conn.sid == "" {
			err = conn.keep(p)
		} else {
			tasks = []task{s.received(conn, p)}
		}
	}
	m.mu.Unlock()
	for _, t := range tasks {
		if t.call != nil {
			_ = s.tasks.Force(t, 0)
		} else if size := eventSize(t.event); s.tasks.Put(t, size) == queue.ErrFull {
			session.Hold(func() { err = s.tasks.PutWait(session.Context(), t, size) })
			if err != nil {
				return nil // the session has ended
			}
		}
	}
	return err
}

// received returns the task for an event of a confirmed connection.
func (s *Socket) received(conn *connection, p *parser.Packet) task {
	if s.recovery.pid != "" {
		var elements [8][]byte
		if args := parser.Split(elements[:0], p.Data); len(args) > 1 {
			s.recovery.received(args[len(args)-1])
		}
	}
	return task{conn: conn, event: p}
}

func eventSize(p *parser.Packet) int {
	size := len(p.Data)
	for _, attachment := range p.Attachments {
		size += len(attachment)
	}
	return size
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
func (c *connection) keep(p *parser.Packet) error {
	c.earlyBytes += eventSize(p)
	if len(c.early) == maxEarly || c.earlyBytes > maxEarlyBytes {
		return errTooMuchEarly
	}
	c.early = append(c.early, p)
	return nil
}

// confirmed is called with manager.mu held, for the answer to CONNECT. It returns
// what the socket's queue is to do.
// https://socket.io/docs/v4/socket-io-protocol/#connection-to-a-namespace
func (s *Socket) confirmed(conn *connection, data []byte) ([]task, error) {
	var answer struct{ SID, PID string }
	if len(data) > 0 {
		if err := json.Unmarshal(data, &answer); err != nil {
			return nil, err
		}
	}
	switch {
	case conn.sid != "":
		return nil, nil
	case answer.SID == "": // Socket.IO 2 connects "/" unasked, with nothing but the type
		return nil, ErrVersion
	case !s.active: // Disconnect came before the answer
		p := s.control(parser.Disconnect, nil)
		_ = conn.session.Send(p.messages, engineclient.Control)
		s.drop(errNotConnected)
		return nil, nil
	}
	conn.sid = answer.SID
	conn.recovered = s.recovery.connected(answer.PID)
	s.context, s.lastErr = conn.ctx, nil
	for _, p := range s.buffer.take() {
		_ = conn.session.Send(p.messages, engineclient.Control) // an error: the session has ended, and acks are told
	}
	s.outcome.settle(nil)

	tasks := []task{s.notice("connect", &s.onConnect, "", nil)}
	for _, p := range conn.early {
		tasks = append(tasks, s.received(conn, p))
	}
	conn.early = nil
	return tasks, nil
}

// newConnectError reads the data of a CONNECT_ERROR, an object with a message and
// perhaps data, or a bare message as older servers send it.
func newConnectError(namespace string, data []byte) *ConnectError {
	var object struct {
		Message string
		Data    json.RawMessage
	}
	if json.Unmarshal(data, &object) != nil {
		_ = json.Unmarshal(data, &object.Message)
	}
	e := &ConnectError{Namespace: namespace, Message: object.Message}
	if object.Data != nil {
		e.Data = object.Data
	}
	return e
}
