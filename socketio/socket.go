package socketio

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
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

	handlers       endpoint.Handlers
	onConnect      listeners
	onConnectError listeners
	onDisconnect   listeners
	acks           endpoint.Acks
	inbox          endpoint.Inbox

	// The following are guarded by manager.mu.

	active   bool        // connected, or to be connected
	conn     *connection // from joining the namespace to the end of that; nil otherwise
	outcome  *outcome    // of the current connecting; done while connected
	lastErr  error       // of the last attempt, until one succeeds
	context  context.Context
	buffer   sendBuffer
	recovery recovery
	leftOn   *engineclient.Session // the session on which the namespace was left last: events of then may still come
}

// connection is what a socket has of one Engine.IO session.
type connection struct {
	session *engineclient.Session
	ctx     context.Context // over when the connection is; the handlers' context
	cancel  context.CancelCauseFunc

	// The following are guarded by manager.mu.

	asked      bool   // CONNECT was sent
	recovering bool   // it asked for the events that were missed, which come before the answer
	sid        string // from the answer to it
	recovered  bool
	early      []arrival // events that came before the answer
	earlyBytes int

	left atomic.Bool // by the client: what is still queued is not delivered
}

// The bounds of what waits for a socket's handlers. Beyond them the connection is
// not read any more.
const (
	maxInbox      = 1000
	maxInboxBytes = 16 << 20
)

func newSocket(m *Manager, namespace string, auth func(context.Context) (any, error)) *Socket {
	s := &Socket{manager: m, namespace: namespace, auth: auth}
	s.buffer.limits = m.opts.sendLimits()
	s.inbox.Init(queue.Limits{MaxItems: maxInbox, MaxBytes: maxInboxBytes}, s.dispatch)
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
// becomes of an error it returns is told at [event.Handler].
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

// dispatch gives an event to its handlers.
func (s *Socket) dispatch(from any, m *event.Message) {
	if conn := from.(*connection); !conn.left.Load() {
		s.handlers.Dispatch(conn.ctx, m, s.manager.opts.reportError)
	}
}

// later calls the listeners on the socket's queue. It is called with manager.mu held,
// where the thing happens, so that they hear of things in their order.
func (s *Socket) later(name string, l *listeners, reason Reason, err error) {
	s.inbox.Call(func() {
		for _, listener := range l.all() {
			panicked := endpoint.Protect(name, func() error { (*listener)(reason, err); return nil })
			if panicked != nil {
				s.manager.opts.reportError(panicked)
			}
		}
	})
}
