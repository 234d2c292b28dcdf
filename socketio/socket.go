package socketio

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	engineclient "github.com/isosocket/isosocket/transport/engineio/client"
	"github.com/isosocket/isosocket/transport/queue"
)

// Socket is a client in one namespace. Its methods may be called concurrently.
//
// Everything it calls, the handlers of events and the functions given to
// OnConnect, OnConnectError and OnDisconnect, runs on the socket's queue: one at
// a time, in the order in which things happened. A function that does not return
// holds back those that follow it, but not acknowledgements and the heartbeat,
// until 1000 events (or 16 MiB of them) wait: then the connection is not read any
// more, and in the end the server cannot send.
type Socket struct {
	manager   *Manager
	namespace string
	auth      func(ctx context.Context) (any, error) // nil: none
	owner     bool                                   // the manager is the socket's own, Close closes it

	handlers       event.Handlers
	onConnect      listeners
	onConnectError listeners
	onDisconnect   listeners
	acks           event.Acks
	tasks          queue.Queue[task]

	// The following are guarded by manager.mu.

	active   bool        // connected, or to be connected
	conn     *connection // from joining the namespace to the end of that; nil otherwise
	outcome  *outcome    // of the current connecting; done while connected
	lastErr  error       // of the last attempt, until one succeeds
	context  context.Context
	buffer   sendBuffer
	recovery recovery
}

// connection is what a socket has of one Engine.IO session.
type connection struct {
	socket  *Socket
	session *engineclient.Session
	ctx     context.Context // over when the connection is; the handlers' context
	cancel  context.CancelCauseFunc

	// The following are guarded by manager.mu.

	asked      bool   // CONNECT was sent
	sid        string // from the answer to it
	recovered  bool
	early      []*parser.Packet // events that came before the answer
	earlyBytes int

	left atomic.Bool // by the client: what is still queued is not delivered
}

// task is an item of a socket's queue: an event, or something else to call.
type task struct {
	conn  *connection
	event *parser.Packet
	call  func()
}

// The bounds of what waits for a socket's handlers. Beyond them the connection is
// not read any more.
const (
	maxTasks     = 1000
	maxTaskBytes = 16 << 20
)

func newSocket(m *Manager, namespace string, auth func(context.Context) (any, error)) *Socket {
	s := &Socket{manager: m, namespace: namespace, auth: auth}
	s.buffer.limits = m.opts.sendLimits()
	s.tasks.Init(queue.Limits{MaxItems: maxTasks, MaxBytes: maxTaskBytes}, runTasks)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errNotConnected)
	s.context = ctx
	return s
}

var errNotConnected = errors.New("socketio: not connected")

// Manager returns the manager of the connection that the socket uses.
func (s *Socket) Manager() *Manager { return s.manager }

// Namespace returns the name of the socket's namespace, "/" for the main one.
func (s *Socket) Namespace() string { return s.namespace }

// ID returns the id that the server knows the socket by, or "" while it is not
// connected. A new connection has a new one, unless it was recovered.
func (s *Socket) ID() string {
	s.manager.mu.Lock()
	defer s.manager.mu.Unlock()
	if s.conn == nil {
		return ""
	}
	return s.conn.sid
}

// Connected tells whether the socket is connected to its namespace.
func (s *Socket) Connected() bool {
	s.manager.mu.Lock()
	defer s.manager.mu.Unlock()
	return s.connected()
}

// Active tells whether the socket is connected or will be without further ado. It
// is false before Connect, after Disconnect, and once connecting was refused or
// given up.
func (s *Socket) Active() bool {
	s.manager.mu.Lock()
	defer s.manager.mu.Unlock()
	return s.active
}

// Recovered tells whether the server restored the state of the previous
// connection: the id, the rooms, and the events missed meanwhile, which follow
// the connect. It needs the connection state recovery of the server.
// https://socket.io/docs/v4/connection-state-recovery
func (s *Socket) Recovered() bool {
	s.manager.mu.Lock()
	defer s.manager.mu.Unlock()
	return s.connected() && s.conn.recovered
}

// Context returns the context of the current connection. It is over when the
// socket is disconnected, with a [*DisconnectError] as its cause; while the
// socket is not connected it is over already. Handlers are given the context of
// the connection that their event came on.
func (s *Socket) Context() context.Context {
	s.manager.mu.Lock()
	defer s.manager.mu.Unlock()
	return s.context
}

// On adds a handler for the events of that name, until off is called. What
// becomes of an error it returns is told at [event.Handlers.Dispatch].
func (s *Socket) On(name string, h Handler) (off func()) { return s.handlers.On(name, h) }

// Once is On for a single event.
func (s *Socket) Once(name string, h Handler) (off func()) { return s.handlers.Once(name, h) }

// OnAny adds a handler for all events. It is called before those of On.
func (s *Socket) OnAny(h Handler) (off func()) { return s.handlers.OnAny(h) }

// OnConnect calls fn each time the socket is connected, before any event of that
// connection is handled. What was emitted meanwhile has been sent by then.
func (s *Socket) OnConnect(fn func()) (off func()) {
	return s.onConnect.add(func(Reason, error) { fn() })
}

// OnConnectError calls fn for every attempt to connect that failed. The error is
// a [*ConnectError] if the server refused the namespace. [Socket.Active] tells
// whether there will be another attempt.
func (s *Socket) OnConnectError(fn func(err error)) (off func()) {
	return s.onConnectError.add(func(_ Reason, err error) { fn(err) })
}

// OnDisconnect calls fn each time a connected socket was disconnected, after the
// events received before that. err is what is known beyond the reason, or nil.
func (s *Socket) OnDisconnect(fn func(reason Reason, err error)) (off func()) {
	return s.onDisconnect.add(fn)
}

// connected is Connected for a caller that holds manager.mu.
func (s *Socket) connected() bool { return s.conn != nil && s.conn.sid != "" }

// runTasks drains a queue.
func runTasks(batch []task) {
	for _, t := range batch {
		if t.event != nil {
			t.conn.socket.dispatch(t.conn, t.event)
		} else {
			t.call()
		}
	}
}

func (s *Socket) dispatch(conn *connection, p *parser.Packet) {
	if conn.left.Load() {
		return
	}
	var ack func(args ...any) error
	if p.HasID {
		ack = s.reply(conn, p.ID)
	}
	m, err := event.NewMessage(p, s.manager.opts.Codec, ack)
	if err != nil {
		s.manager.opts.reportError(err)
		return
	}
	s.handlers.Dispatch(conn.ctx, m, s.manager.opts.reportError)
}

// later calls the listeners on the socket's queue. The queue's limits are for
// events; of these calls there are few in the life of a connection.
func (s *Socket) later(event string, l *listeners, reason Reason, err error) {
	_ = s.tasks.Force(s.notice(event, l, reason, err), 0)
}

// notice returns the task that calls the listeners.
func (s *Socket) notice(event string, l *listeners, reason Reason, err error) task {
	return task{call: func() {
		for _, listener := range l.all() {
			s.protect(event, func() { (*listener)(reason, err) })
		}
	}}
}

// protect turns a panic of a function of the user into an error.
func (s *Socket) protect(name string, fn func()) {
	defer func() {
		if r := recover(); r != nil {
			err, ok := r.(error)
			if !ok {
				err = fmt.Errorf("%v", r)
			}
			s.manager.opts.reportError(&event.HandlerError{Event: name, Err: err, Stack: debug.Stack()})
		}
	}()
	fn()
}
