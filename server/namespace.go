package server

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/server/internal/rooms"
	"github.com/isosocket/isosocket/socketio/endpoint"
)

// Namespace is a part of a server with its own sockets, rooms, middleware and
// handlers. Clients share one connection for all the namespaces they are in.
// https://socket.io/docs/v4/namespaces/
type Namespace struct {
	name   string
	server *Server
	rooms  rooms.Index[*Socket]
	ackIDs atomic.Uint64 // for all sockets, so that a broadcast is encoded once with its id

	attached sync.Once
	ready    atomic.Bool     // attached, so that clients may connect
	adapter  adapter.Adapter // to the other servers, nil without any; written once, under mu, before ready

	handlers endpoint.Handlers // of events from other servers
	inbox    endpoint.Inbox    // those events

	mu         sync.RWMutex
	middleware []Middleware    // appended to, never changed; guarded by mu
	onConnect  []func(*Socket) // likewise
	detached   bool            // no adapter is kept any more; guarded by mu
}

func newNamespace(s *Server, name string) *Namespace {
	n := &Namespace{name: name, server: s}
	n.inbox.Init(serverEventLimits, n.serve, func(err error) { s.report(n, nil, err) })
	return n
}

// Name returns the namespace's name, which begins with a slash.
func (n *Namespace) Name() string { return n.name }

// Use adds a middleware, called for each connection to the namespace after those
// that are there already.
func (n *Namespace) Use(m Middleware) {
	endpoint.RefuseNil(m == nil, "Namespace.Use")
	n.mu.Lock()
	defer n.mu.Unlock()
	n.middleware = append(n.middleware, m)
}

// OnConnect adds a function that is called with every socket that connects from
// now on, after those that are there already. It runs on the socket's own
// goroutine: no event of the socket is delivered before it has returned, so this
// is where its handlers are added.
func (n *Namespace) OnConnect(fn func(s *Socket)) {
	endpoint.RefuseNil(fn == nil, "Namespace.OnConnect")
	n.mu.Lock()
	defer n.mu.Unlock()
	n.onConnect = append(n.onConnect, fn)
}

func (n *Namespace) hooks() ([]Middleware, []func(*Socket)) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.middleware, n.onConnect
}

func (n *Namespace) everyone() Broadcast { return Broadcast{namespace: n} }

// Emit sends an event to every socket of the namespace, see [Broadcast.Emit].
func (n *Namespace) Emit(name string, args ...any) error { return n.everyone().Emit(name, args...) }

// Request sends an event to every socket of the namespace and yields their
// answers, see [Broadcast.Request].
func (n *Namespace) Request(ctx context.Context, name string, args ...any) iter.Seq2[Reply, error] {
	return n.everyone().Request(ctx, name, args...)
}

// To returns a broadcast to the sockets in any of the rooms, see [Broadcast.To].
func (n *Namespace) To(rooms ...string) Broadcast { return n.everyone().To(rooms...) }

// Except returns a broadcast to the sockets in none of the rooms.
func (n *Namespace) Except(rooms ...string) Broadcast { return n.everyone().Except(rooms...) }

// Volatile returns a broadcast that may be dropped, see [Broadcast.Volatile].
func (n *Namespace) Volatile() Broadcast { return n.everyone().Volatile() }

// Local returns a broadcast to the sockets of this server only.
func (n *Namespace) Local() Broadcast { return n.everyone().Local() }

// Sockets returns the connected sockets of this server, in no order.
func (n *Namespace) Sockets() []*Socket { return n.everyone().Sockets() }

// Fetch yields the connected sockets of all servers, see [Broadcast.Fetch].
func (n *Namespace) Fetch(ctx context.Context) iter.Seq2[RemoteSocket, error] {
	return n.everyone().Fetch(ctx)
}

// SocketsJoin puts every socket of the namespace into rooms, see [Broadcast.SocketsJoin].
func (n *Namespace) SocketsJoin(rooms ...string) error { return n.everyone().SocketsJoin(rooms...) }

// SocketsLeave takes every socket of the namespace out of rooms, see [Broadcast.SocketsLeave].
func (n *Namespace) SocketsLeave(rooms ...string) error { return n.everyone().SocketsLeave(rooms...) }

// DisconnectSockets disconnects every socket of the namespace, see [Broadcast.DisconnectSockets].
func (n *Namespace) DisconnectSockets(closeConnection bool) error {
	return n.everyone().DisconnectSockets(closeConnection)
}
