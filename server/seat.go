package server

import (
	"bytes"
	"log/slog"
	"slices"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
	engineserver "github.com/isosocket/isosocket/transport/engineio/server"
)

// seat is what a connection has of one namespace: one socket at most, and one run of the
// middleware, however often the client asks. The conn's mu guards it.
type seat struct {
	namespace *Namespace
	socket    *Socket // of the last CONNECT, also when the server has closed it; nil once the client has left
	entering  *Socket // whose middleware is at work; nil if there is none
}

// connect serves a request to join a namespace. The latest counts: a client that
// connects, leaves and connects again before it was answered sends no DISCONNECT
// between, so its second CONNECT may find a socket. One that waits for the answer to the same payload
// has it for both. Any other leaves, and what its middleware says is not told.
// socket.io-client/lib/socket.ts disconnect
//
// The answer comes from the new socket's queue, after its middleware. Events that the
// client has sent behind its request wait in that queue.
func (c *conn) connect(p *parser.Packet) {
	n := c.server.namespace(p.Namespace)
	if n == nil {
		c.refuse(p.Namespace, invalidNamespace)
		return
	}
	auth := parser.Value{Format: c.server.options.Format, Data: p.Data, Attachments: p.Attachments}
	old := c.socket(n.name)
	if old != nil {
		if old.settled() <= pending && sameAuth(old.auth, auth) {
			return
		}
		old.close(event.ClientNamespaceDisconnect, nil)
	}
	if !c.server.begin() {
		return // shutting down: the end of the connection is the answer
	}
	s := newSocket(n, c, auth)
	switch err := c.place(s); {
	case err == errManyNamespaces:
		s.close(event.ServerNamespaceDisconnect, err)
		c.refuse(p.Namespace, "Too many namespaces")
	case err != nil:
		s.close(event.ForcedClose, err)
	case c.crowded():
		c.refuseCrowded(s)
	default:
		c.admit(n)
	}
	c.server.stopLate(s)
}

// place makes s the socket of its namespace.
func (c *conn) place(s *Socket) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return engineserver.ErrClosed
	}
	i := c.index(s.namespace.name)
	if i < 0 {
		if len(c.seats) >= c.server.options.MaxNamespaces {
			return errManyNamespaces
		}
		i = len(c.seats)
		c.seats = append(c.seats, seat{namespace: s.namespace})
	}
	c.seats[i].socket = s
	return nil
}

// vacate makes the socket's seat free for another.
func (c *conn) vacate(s *Socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := c.index(s.namespace.name); i >= 0 && c.seats[i].socket == s {
		c.seats[i].socket = nil
		c.tidy(i)
	}
}

// ran says that the middleware of s is not at work any more. It may be said twice.
func (c *conn) ran(s *Socket) {
	c.mu.Lock()
	i := c.index(s.namespace.name)
	ran := i >= 0 && c.seats[i].entering == s
	if ran {
		c.seats[i].entering = nil
		c.tidy(i)
	}
	c.mu.Unlock()
	if ran {
		c.admit(s.namespace)
	}
}

// admit lets the socket that waits in the namespace's seat begin, unless the middleware
// is still at work for one before it.
func (c *conn) admit(n *Namespace) {
	c.mu.Lock()
	var next *Socket
	if i := c.index(n.name); i >= 0 && c.seats[i].entering == nil {
		next = c.seats[i].socket
		if next != nil && !next.state.CompareAndSwap(waiting, pending) {
			next = nil
		}
		c.seats[i].entering = next
	}
	c.mu.Unlock()
	if next != nil {
		next.inbox.Resume()
	}
}

// socket returns the socket that sits in the namespace, or nil.
func (c *conn) socket(namespace string) *Socket {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := c.index(namespace); i >= 0 {
		return c.seats[i].socket
	}
	return nil
}

// index returns where the namespace's seat is, or -1. The caller holds mu.
func (c *conn) index(namespace string) int {
	if namespace == "" {
		namespace = "/"
	}
	return slices.IndexFunc(c.seats, func(s seat) bool { return s.namespace.name == namespace })
}

// tidy removes a seat that nothing uses. The caller holds mu.
func (c *conn) tidy(i int) {
	if c.seats[i].socket == nil && c.seats[i].entering == nil {
		c.seats = slices.Delete(c.seats, i, i+1)
	}
}

// sitting returns the sockets of all seats. The caller holds mu.
func (c *conn) sitting() (sockets []*Socket) {
	for _, s := range c.seats {
		if s.socket != nil {
			sockets = append(sockets, s.socket)
		}
	}
	return sockets
}

// sameAuth reports whether two CONNECT packets ask for the same.
func sameAuth(a, b parser.Value) bool {
	return bytes.Equal(a.Data, b.Data) && slices.EqualFunc(a.Attachments, b.Attachments, bytes.Equal)
}

// refuse answers a request for a namespace that the client cannot be in.
func (c *conn) refuse(namespace, message string) {
	c.mu.Lock()
	c.refused++
	many := c.refused > c.server.options.MaxNamespaces
	c.mu.Unlock()
	if many {
		c.fail(errManyNamespaces)
		return
	}
	c.server.logRefused(c, slog.LevelWarn, namespace, message, nil)
	c.server.trace.Load().namespaceRefused(c, namespace)
	c.send(c.connectError(namespace, ConnectError{Message: message}))
}

// refuseCrowded answers for a socket that would be one too many beside those that are
// not finished.
func (c *conn) refuseCrowded(s *Socket) {
	const message = "Too many handlers at work"
	c.server.logRefused(c, slog.LevelWarn, s.namespace.name, message, errCrowded)
	s.refuse(errCrowded, c.connectError(s.namespace.name, ConnectError{Message: message}))
}

// connectError encodes the answer that refuses a namespace.
func (c *conn) connectError(namespace string, refused ConnectError) []transport.Message {
	f := c.server.options.Format
	group, err := endpoint.EncodeConnectError(f, namespace, refused.Message, refused.Data)
	if err != nil {
		c.server.logError(slog.LevelError, "refusal not encoded", err, slog.String("namespace", namespace))
		if group, err = endpoint.EncodeConnectError(f, namespace, internalError, nil); err != nil {
			panic("BUG: server: encode refusal: " + err.Error()) // a string always encodes
		}
	}
	return group
}
