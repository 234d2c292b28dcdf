package server

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/server/internal/engine"
	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/queue"
)

// inboxItems is how many events may wait for a socket's handlers before nothing
// more is read from its client. Their bytes are bounded by Options.MaxPayload.
const inboxItems = 1024

// Socket is one client in one namespace. Its methods may be called concurrently.
//
// Its events are handled one at a time, in the order they came, on a goroutine of
// the socket that exists only while there is something to handle. A handler that
// does not return lets the events behind it wait, and when many do, the client.
// Acknowledgements do not wait in that queue: a handler may call Request, with a
// deadline, because nothing is read any more once 1,024 events wait behind it.
type Socket struct {
	// All that a broadcast looks at, side by side: its receivers are in no cache.
	state   atomic.Int32    // of type state, goes up only
	session *engine.Session // of conn

	id        string
	namespace *Namespace
	conn      *conn
	auth      parser.Value

	handlers endpoint.Handlers
	acks     endpoint.Acks
	inbox    endpoint.Inbox
	answerMu sync.Mutex // held while answering
	entered  bool       // events are handled, from the answer to the client until finish; the inbox's own

	mu           sync.Mutex // guards what follows
	context      context.Context
	cancel       context.CancelCauseFunc // nil before Context is asked for
	cause        error                   // why it is disconnected; nil before
	rooms        []string                // that it was in when it was disconnected
	data         any
	onLeaving    []func(event.Reason)
	onDisconnect []func(event.Reason)
}

// state is the life of a socket.
type state = int32

const (
	pending      state = iota // the middleware is at work; the client waits for an answer
	answering                 // the answer is about to be queued, nothing may be sent before it
	connected                 // packets go both ways
	disconnected              // for good: a client that comes back gets another socket
)

func newSocket(n *Namespace, c *conn, auth parser.Value) *Socket {
	s := &Socket{id: engine.NewID(), namespace: n, conn: c, session: c.session, auth: auth}
	s.acks.IDs = &n.ackIDs
	s.inbox.Init(queue.Limits{MaxItems: inboxItems, MaxBytes: n.server.options.MaxPayload}, s.handle)
	n.adapter.Add((*member)(s))
	return s
}

// ID returns the socket's public id: random, and not the secret that names the
// client's session. It is also the name of a room with this socket in it.
func (s *Socket) ID() string { return s.id }

// Namespace returns the namespace that the socket is in.
func (s *Socket) Namespace() *Namespace { return s.namespace }

// Handshake returns what the client told when it connected.
func (s *Socket) Handshake() Handshake {
	h := s.conn.handshake
	h.auth = s.auth
	return h
}

// Connected tells whether the socket can send.
func (s *Socket) Connected() bool { return s.settled() == connected }

// settled returns the state, after the answer if that is being queued: the client may
// know of it already, and must miss nothing from then on.
func (s *Socket) settled() state {
	current := s.state.Load()
	if current == answering {
		s.answerMu.Lock()
		current = s.state.Load()
		s.answerMu.Unlock()
	}
	return current
}

// Context is over when the socket is disconnected. Its cause is then a
// [*event.DisconnectError]. It has the values of the context of the client's first
// HTTP request, so what an HTTP middleware in front of the server put there is
// found here.
func (s *Socket) Context() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.context == nil {
		s.context, s.cancel = context.WithCancelCause(s.conn.context)
		if s.cause != nil {
			s.cancel(s.cause)
		}
	}
	return s.context
}

// Data returns what SetData has set, or nil.
func (s *Socket) Data() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data
}

// SetData attaches a value of the application's own to the socket.
func (s *Socket) SetData(data any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = data
}

// On adds a handler for the events of that name, until off is called, see [event.Handler].
func (s *Socket) On(name string, h event.Handler) (off func()) { return s.handlers.On(name, h) }

// Once adds a handler for one event of that name.
func (s *Socket) Once(name string, h event.Handler) (off func()) { return s.handlers.Once(name, h) }

// OnAny adds a handler for the events of every name, called before those of On.
func (s *Socket) OnAny(h event.Handler) (off func()) { return s.handlers.OnAny(h) }

// OnDisconnecting adds a function that is called when the socket is disconnected,
// before those of OnDisconnect, with the reason. Like them it runs behind the handlers of the events
// that came before.
func (s *Socket) OnDisconnecting(fn func(reason event.Reason)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onLeaving = append(s.onLeaving, fn)
}

// OnDisconnect adds a function that is called when the socket is disconnected.
// It is the last that the socket does.
func (s *Socket) OnDisconnect(fn func(reason event.Reason)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onDisconnect = append(s.onDisconnect, fn)
}

// Emit sends an event to the client. It is encoded before Emit returns, and
// waits in a queue until the client takes it. The error is one of encoding, a
// [*event.DisconnectError], or ErrNotConnected.
func (s *Socket) Emit(name string, args ...any) error {
	return s.emit(name, args, nil, false)
}

// Request sends an event to the client and waits for its answer, see
// [event.Requester]. It may be called in a handler.
func (s *Socket) Request(ctx context.Context, name string, args ...any) (*event.Message, error) {
	return s.acks.Request(ctx, s.namespace.server.options.Format, name, func(id uint64) error {
		return s.emit(name, args, &id, false)
	})
}

func (s *Socket) emit(name string, args []any, id *uint64, volatile bool) error {
	group, err := s.namespace.event(name, args, id)
	if err != nil {
		return err
	}
	return s.send(group, volatile)
}

// Volatile returns an emitter to the client that drops what the client is not
// ready for, see [Broadcast.Volatile].
func (s *Socket) Volatile() event.Emitter {
	return endpoint.EmitterFunc(func(name string, args ...any) error { return s.emit(name, args, nil, true) })
}

// To returns a broadcast to the sockets in any of the rooms, without this one.
func (s *Socket) To(rooms ...string) Broadcast { return s.Broadcast().To(rooms...) }

// Broadcast returns a broadcast to all sockets of the namespace but this one.
func (s *Socket) Broadcast() Broadcast { return s.namespace.Except(s.id) }

// Join puts the socket into rooms. It does nothing once the socket is disconnected.
func (s *Socket) Join(rooms ...string) { s.namespace.adapter.Join(s.id, rooms...) }

// Leave takes the socket out of rooms.
func (s *Socket) Leave(rooms ...string) { s.namespace.adapter.Leave(s.id, rooms...) }

// Rooms returns the rooms that the socket is in, its id included, in no order.
// Once it is disconnected they are those it was in.
func (s *Socket) Rooms() []string {
	if rooms := s.namespace.adapter.Rooms(s.id); rooms != nil {
		return rooms
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rooms
}

// Disconnect makes the client leave the namespace; it does not come back by
// itself. With closeConnection it leaves all its namespaces and its connection is
// closed, after it has received what was sent before. Disconnect returns at once.
func (s *Socket) Disconnect(closeConnection bool) {
	if closeConnection {
		s.conn.disconnect()
	} else {
		s.leave()
	}
}

// leave tells the client and closes the socket.
func (s *Socket) leave() {
	if s.Connected() {
		s.send(s.namespace.control(parser.Disconnect, nil), false)
	}
	s.close(event.ServerNamespaceDisconnect, nil)
}

// member is a socket as its adapter knows it.
type member Socket

// ID implements adapter.Socket.
func (m *member) ID() string { return m.id }

// Deliver implements adapter.Socket.
func (m *member) Deliver(p *adapter.Packet) { (*Socket)(m).send(p.Messages, p.Volatile) }

func (s *Socket) send(group []transport.Message, volatile bool) error {
	switch s.settled() {
	case pending:
		return ErrNotConnected
	case disconnected:
		return s.disconnectError()
	}
	switch err := s.session.Send(group, volatile); err {
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
	m, size := event.NewMessage(s.namespace.server.options.Format, p, ack), endpoint.PacketSize(p)
	if s.inbox.Put(nil, m, size) == queue.ErrFull {
		s.session.Hold(func() { s.inbox.PutWait(s.Context(), nil, m, size) })
	}
}

func (s *Socket) answer(id uint64, args []any) error {
	group, err := s.namespace.ack(id, args)
	if err != nil {
		return err
	}
	return s.send(group, false)
}

// handle gives an event to its handlers.
func (s *Socket) handle(_ any, m *event.Message) {
	if s.entered {
		s.handlers.Dispatch(s.Context(), m, s.report)
	}
}

func (s *Socket) report(err error) { s.namespace.server.report(s, err) }

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
	for _, fn := range onConnect {
		if err := endpoint.Protect("connect", func() error { fn(s); return nil }); err != nil {
			s.report(err)
		}
	}
}

// confirm answers the client. Nothing else is sent to it before. It returns false
// if the client is gone.
func (s *Socket) confirm() bool {
	s.answerMu.Lock()
	defer s.answerMu.Unlock()
	if !s.state.CompareAndSwap(pending, answering) {
		return false
	}
	s.entered = true
	answer := struct {
		SID string `json:"sid"`
	}{s.id}
	s.session.Send(s.namespace.control(parser.Connect, answer), false)
	s.state.CompareAndSwap(answering, connected)
	s.conn.joined()
	return true
}

func (s *Socket) refuse(err error) {
	if failed, ok := err.(*event.HandlerError); ok && failed.Stack != nil {
		s.report(err)
	}
	if s.state.Load() == pending {
		message, data := refusal(err)
		s.conn.sendConnectError(s.namespace.name, message, data)
	}
	s.close(event.ServerNamespaceDisconnect, err)
}

// close ends the socket. The first reason counts. It waits for nothing: the
// functions of OnDisconnect run in the inbox, behind the events that came before.
func (s *Socket) close(reason event.Reason, err error) {
	cause := &event.DisconnectError{Reason: reason, Err: err}
	rooms := s.namespace.adapter.Rooms(s.id)
	s.mu.Lock()
	if s.cause != nil {
		s.mu.Unlock()
		return
	}
	s.cause, s.rooms = cause, rooms
	s.state.Store(disconnected)
	cancel := s.cancel
	s.mu.Unlock()

	s.namespace.adapter.Remove(s.id)
	if cancel != nil {
		cancel(cause)
	}
	s.acks.Close(cause)
	s.inbox.Call(func() { s.finish(reason) })
}

// finish is the last that the inbox does.
func (s *Socket) finish(reason event.Reason) {
	defer s.namespace.server.running.Done()
	s.inbox.Close()
	if !s.entered {
		return
	}
	s.entered = false // for what is behind in the batch
	s.mu.Lock()
	leaving, left := s.onLeaving, s.onDisconnect
	s.mu.Unlock()
	s.tell("disconnecting", leaving, reason)
	s.tell("disconnect", left, reason)
}

func (s *Socket) tell(name string, fns []func(event.Reason), reason event.Reason) {
	for _, fn := range fns {
		if err := endpoint.Protect(name, func() error { fn(reason); return nil }); err != nil {
			s.report(err)
		}
	}
}
