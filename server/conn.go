package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/isosocket/isosocket/server/internal/engine"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
)

// conn is the connection of one client, which its sockets share. It is the
// receiver of an Engine.IO session.
type conn struct {
	server    *Server
	id        uint64 // see Session.ID
	session   *engine.Session
	context   context.Context // the values of the first request's context, never over
	handshake Handshake       // without Auth

	decoder parser.Decoder // used by whoever calls Receive

	mu         sync.Mutex // guards what follows
	carrier    string     // the name of the transport
	sockets    []*Socket  // one a namespace; a closed one stays if the server disconnected it
	refused    int        // connections to namespaces that do not exist
	closed     bool       // no socket is added any more
	connectBy  time.Time  // when a namespace must have been joined; zero afterwards
	assembleBy time.Time  // when the attachments of an event must be there; zero without such an event
}

// open is called for a new session.
func (s *Server) open(session *engine.Session, r *http.Request) engine.Receiver {
	now := time.Now()
	c := &conn{
		server:  s,
		id:      s.lastID.Add(1),
		session: session,
		context: context.WithoutCancel(r.Context()),
		handshake: Handshake{
			Header:     r.Header,
			URL:        r.URL,
			RemoteAddr: r.RemoteAddr,
			Secure:     r.TLS != nil,
			Time:       now,
		},
		decoder: parser.Decoder{Limits: s.options.limits()},
	}
	if values := r.URL.Query()["transport"]; len(values) > 0 {
		c.carrier = values[len(values)-1] // the one that counts, see parseRequest of the engine
	}
	c.setDeadlines(now.Add(s.options.ConnectTimeout), time.Time{})
	s.trace.Load().sessionOpened(c)
	return c
}

// Upgraded is called when the session has moved to another transport.
func (c *conn) Upgraded(transport string) {
	c.mu.Lock()
	c.carrier = transport
	c.mu.Unlock()
	c.server.trace.Load().sessionUpgraded(c)
}

// transport returns the name of the session's transport.
func (c *conn) transport() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.carrier
}

// setDeadlines tells the session the first of the two.
func (c *conn) setDeadlines(connectBy, assembleBy time.Time) {
	c.connectBy, c.assembleBy = connectBy, assembleBy
	c.session.SetDeadline(engine.Earliest(connectBy, assembleBy))
}

// Receive implements engine.Receiver.
func (c *conn) Receive(m transport.Message) {
	if trace := c.server.trace.Load(); trace != nil {
		trace.packetReceived(c, m)
	}
	p, complete, err := c.decode(m)
	switch {
	case err != nil:
		c.fail(err)
	case p.Type == parser.Connect:
		c.connect(&p)
	default:
		c.deliver(&p, complete)
	}
}

func (c *conn) decode(m transport.Message) (p parser.Packet, complete bool, err error) {
	if !m.Binary {
		return c.decoder.Text(m.Data)
	}
	p, complete, err = c.decoder.Binary(m.Data)
	if complete {
		c.await(time.Time{})
	}
	return p, complete, err
}

// await sets the time by when attachments must be there.
func (c *conn) await(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setDeadlines(c.connectBy, t)
}

// deliver hands a packet, or the first part of one with attachments, to its socket.
// Acknowledgements are resolved here, on the reader, so that a handler may wait for one.
func (c *conn) deliver(p *parser.Packet, complete bool) {
	s := c.socket(p.Namespace)
	switch {
	case s == nil, p.Type == parser.Disconnect && s.state.Load() == pending:
		// A client that could leave before it was answered could come again, and have
		// the middleware at work any number of times at once.
		c.fail(fmt.Errorf("%w: %v", errInvalidState, p.Type))
	case !complete:
		if len(p.Attachments) == 0 {
			c.await(time.Now().Add(c.server.options.AttachmentTimeout))
		}
	case p.Type == parser.Event:
		s.receive(p)
	case p.Type == parser.Ack:
		if p.HasID { // one that answers nothing is ignored, like one that comes twice
			reply := *p // so that only the packet of an acknowledgement is allocated
			s.acks.Resolve(reply.ID, &reply)
		}
	case p.Type == parser.Disconnect:
		c.remove(s)
		s.close(event.ClientNamespaceDisconnect, nil)
	default:
		c.fail(errConnectError)
	}
}

func (c *conn) socket(namespace string) *Socket {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := c.index(namespace); i >= 0 {
		return c.sockets[i]
	}
	return nil
}

// index returns where the namespace's socket is, or -1. The caller holds mu.
func (c *conn) index(namespace string) int {
	if namespace == "" {
		namespace = "/"
	}
	return slices.IndexFunc(c.sockets, func(s *Socket) bool { return s.namespace.name == namespace })
}

func (c *conn) remove(s *Socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sockets = slices.DeleteFunc(c.sockets, func(other *Socket) bool { return other == s })
}

// connect serves a request to join a namespace. The answer comes from the new
// socket's queue, after its middleware. Events that the client has sent behind its
// request wait in that queue.
func (c *conn) connect(p *parser.Packet) {
	n := c.server.namespace(p.Namespace)
	if n == nil {
		c.refuse(p.Namespace)
		return
	}
	if !c.server.begin() {
		return // shutting down
	}
	s := newSocket(n, c, p.Data)
	if err := c.add(s); err != nil {
		s.close(event.ForcedClose, err)
		c.fail(err)
		return
	}
	s.enqueue(task{run: s.enter})
}

// add makes s the socket of its namespace.
func (c *conn) add(s *Socket) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return engine.ErrClosed
	}
	switch i := c.index(s.namespace.name); {
	case i < 0 && len(c.sockets) >= c.server.options.MaxNamespaces:
		return errManyNamespaces
	case i < 0:
		c.sockets = append(c.sockets, s)
	case c.sockets[i].state.Load() != disconnected:
		return errDoubleConnect
	default:
		c.sockets[i] = s
	}
	return nil
}

// refuse answers a request for a namespace that does not exist.
func (c *conn) refuse(namespace string) {
	c.mu.Lock()
	c.refused++
	many := c.refused > c.server.options.MaxNamespaces
	c.mu.Unlock()
	if many {
		c.fail(errManyNamespaces)
		return
	}
	c.sendConnectError(namespace, "Invalid namespace", nil)
}

func (c *conn) sendConnectError(namespace, message string, data any) {
	codec := c.server.options.Codec
	text, err := codec.Marshal(struct {
		Message string `json:"message"`
		Data    any    `json:"data,omitempty"`
	}{message, data})
	if err != nil {
		c.server.options.Logger.Error("refusal not encoded", "namespace", namespace, "error", err)
		text = json.RawMessage(`{"message":"Internal error"}`)
	}
	c.send(control(parser.ConnectError, namespace, text))
}

// send queues a packet that is not an event.
func (c *conn) send(group []transport.Message) {
	if c.session.Send(group, false) == nil {
		c.server.trace.Load().packetSent(c, group)
	}
}

// joined says that a namespace was joined.
func (c *conn) joined() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.connectBy.IsZero() {
		c.setDeadlines(time.Time{}, c.assembleBy)
	}
}

// Expire implements engine.Receiver.
func (c *conn) Expire() {
	now := time.Now()
	c.mu.Lock()
	connect, assemble := engine.Passed(c.connectBy, now), engine.Passed(c.assembleBy, now)
	c.mu.Unlock()
	switch {
	case connect:
		c.session.End(engine.ForcedServerClose, errNoNamespace)
	case assemble:
		c.fail(errAttachments)
	}
}

// fail closes the connection because of what the client sent.
func (c *conn) fail(err error) {
	c.server.options.Logger.Warn("invalid packet", "remote", c.handshake.RemoteAddr, "error", err)
	c.session.End(engine.ForcedClose, err)
}

// Closed implements engine.Receiver.
func (c *conn) Closed(reason engine.Reason, err error) {
	c.mu.Lock()
	c.closed = true
	sockets := c.sockets
	c.sockets = nil
	c.mu.Unlock()
	for _, s := range sockets {
		s.close(event.Reason(reason), err)
	}
	c.server.trace.Load().sessionClosed(c, event.Reason(reason), err)
}

// disconnect makes all sockets leave, and closes the connection once the client
// has been told.
func (c *conn) disconnect() {
	c.mu.Lock()
	sockets := slices.Clone(c.sockets)
	c.mu.Unlock()
	for _, s := range sockets {
		s.leave()
	}
	c.session.Close()
}
