package server

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	engineserver "github.com/isosocket/isosocket/transport/engineio/server"
	"github.com/isosocket/isosocket/transport/queue"
)

// Socket is one client in one namespace. Its methods may be called concurrently.
//
// Its events are handled one at a time, in the order they came, on a goroutine of
// the socket that exists only while there is something to handle. A handler that
// does not return lets the events behind it wait, and when Options.InboxBytes do, the
// client: nothing is read from it then, and it is not blamed for its silence.
// Acknowledgements do not wait in that queue, so a handler may call Request. It fails
// with [event.ErrBehind] while nothing is read.
//
// No handler starts while more than half of Options.SendBufferBytes waits for the
// client.
type Socket struct {
	// All that a broadcast looks at, side by side: its receivers are in no cache.
	state   atomic.Int32          // of type state, goes up only
	session *engineserver.Session // of conn

	id        string
	namespace *Namespace
	conn      *conn
	auth      parser.Value // of CONNECT

	handlers endpoint.Handlers
	acks     endpoint.Acks
	inbox    endpoint.Inbox
	behind   bool // it was told that nothing is read because of this socket; the reader's own
	entered  bool // events are handled, from the answer to the client until finish; the inbox's own

	mu           sync.Mutex // guards what follows
	context      context.Context
	cancel       context.CancelCauseFunc // nil before Context is asked for
	cause        error                   // why it is disconnected; nil before
	left         []string                // the rooms that it was in when it was disconnected
	data         any
	onLeaving    []func(event.Reason)
	onDisconnect []func(event.Reason)
}

// state is the life of a socket.
type state = int32

const (
	waiting      state = iota // for the middleware, which is at work for a socket before this one
	pending                   // the middleware is at work; the client waits for an answer
	answering                 // the answer is about to be queued, nothing may be sent before it
	connected                 // packets go both ways
	disconnected              // for good: a client that comes back gets another socket
)

// newSocket returns a socket that enters once its inbox is resumed.
func newSocket(n *Namespace, c *conn, auth parser.Value) *Socket {
	s := &Socket{id: engineserver.NewID(), namespace: n, conn: c, session: c.session, auth: auth}
	s.acks.IDs = &n.ackIDs
	s.inbox.Init(queue.Limits{MaxBytes: n.server.options.InboxBytes}, s.handle, s.report)
	s.inbox.Employ(n.server.workers)
	s.inbox.Pause()
	s.inbox.Call(s.enter)
	n.rooms.Add(s.id, s)
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

// Transport returns the name of the transport that the client is on now, "polling" or
// "websocket".
func (s *Socket) Transport() string { return s.conn.transport() }

// Connected reports whether the socket can send.
func (s *Socket) Connected() bool { return s.settled() == connected }

// settled returns the state, after the answer if that is being queued: the client may
// know of it already, and must miss nothing from then on.
func (s *Socket) settled() state {
	current := s.state.Load()
	if current == answering {
		s.mu.Lock()
		current = s.state.Load()
		s.mu.Unlock()
	}
	return current
}

// Context is canceled when the socket is disconnected. Its cause is then a
// [*event.DisconnectError]. Its values are those that Options.Context has put there in
// the client's first HTTP request, and no others of that request's context.
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

// SetData attaches a value of the application's own to the socket. Other servers see
// it in [Broadcast.Fetch] if it encodes; it is encoded when they ask. What does not
// encode is logged and stays out of their sight.
func (s *Socket) SetData(data any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = data
}
