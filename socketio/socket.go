package socketio

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/transport/queue"
)

// Socket is a client in one namespace. Its methods may be called concurrently.
//
// Everything it calls, the handlers of events and the functions given to
// OnConnect, OnConnectError and OnDisconnect, runs on the socket's queue: one at
// a time, in the order in which things happened. One that panics, or calls
// runtime.Goexit, is reported to Options.OnError, and the queue goes on. A function that does not return
// holds back those that follow it, but not acknowledgements and the heartbeat,
// until 16 MiB of events wait: then the connection is not read any more, and in the
// end the server cannot send. Until it is read again, a Request fails with
// [event.ErrBehind].
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
	behind   bool     // it was told that nothing is read because of this socket; the reader's own
	leftOn   *session // the session on which the namespace was left last: events of then may still come
}

// connection is what a socket has of one Engine.IO session.
type connection struct {
	socket  *Socket
	session *session
	ctx     context.Context // canceled with the end of the connection; the handlers' context
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

// inboxBytes bounds what waits for a socket's handlers, in bytes held. Beyond it the
// connection is not read any more.
const inboxBytes = 16 << 20

func newSocket(m *Manager, namespace string, auth func(context.Context) (any, error)) *Socket {
	s := &Socket{manager: m, namespace: namespace, auth: auth}
	s.buffer.limit = m.opts.SendBufferBytes
	s.inbox.Init(queue.Limits{MaxBytes: inboxBytes}, s.handle, m.opts.reportError)
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

// Connected reports whether the socket is connected to its namespace.
func (s *Socket) Connected() bool {
	s.manager.mu.Lock()
	defer s.manager.mu.Unlock()
	return s.connected()
}

// Active reports whether the socket is connected, or will be without another Connect.
// It is false before Connect, after Disconnect, and once connecting was refused or
// given up.
func (s *Socket) Active() bool {
	s.manager.mu.Lock()
	defer s.manager.mu.Unlock()
	return s.active
}

// Recovered reports whether the server restored the state of the previous
// connection: the id, the rooms, and the events missed meanwhile, which follow
// the connect. It needs the connection state recovery of the server.
// https://socket.io/docs/v4/connection-state-recovery
func (s *Socket) Recovered() bool {
	s.manager.mu.Lock()
	defer s.manager.mu.Unlock()
	return s.connected() && s.conn.recovered
}

// Context returns the context of the current connection. It is canceled when the
// socket is disconnected, with a [*DisconnectError] as its cause; while the
// socket is not connected it is canceled already. Handlers are given the context of
// the connection that their event came on.
func (s *Socket) Context() context.Context {
	s.manager.mu.Lock()
	defer s.manager.mu.Unlock()
	return s.context
}

// connected is Connected for a caller that holds manager.mu.
func (s *Socket) connected() bool { return s.conn != nil && s.conn.sid != "" }
