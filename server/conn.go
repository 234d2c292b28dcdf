package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	engineserver "github.com/isosocket/isosocket/transport/engineio/server"
)

// conn is the connection of one client, which its sockets share. It is the
// receiver of an Engine.IO session.
type conn struct {
	server    *Server
	id        uint64 // see Session.ID
	session   *engineserver.Session
	context   context.Context // with the values that Options.Context has put there; never done
	handshake Handshake       // without Auth

	failed atomic.Bool // the client has broken the protocol, and is not heard any more

	decoder    parser.Decoder // used by whoever calls Receive, as is collecting
	collecting bool           // the rest of a packet is still to come

	mu         sync.Mutex    // guards what follows
	seats      []seat        // one a namespace
	unfinished int           // sockets that were closed, and whose handlers have not returned
	finish     chan struct{} // closed when one more is finished; nil unless that is awaited
	stuck      bool          // there were too many, and in vain it was waited for one to finish
	refused    int           // connections to namespaces that the client cannot be in
	closed     bool          // no socket is added any more
	connectBy  time.Time     // when a namespace must have been joined; zero afterwards
	assembleBy time.Time     // when the next attachment of an event must be there; zero without such an event
	moved      int64         // bytes of the session when that was set
}

// open is called for a new session.
func (s *Server) open(session *engineserver.Session, r *http.Request) engineserver.Receiver {
	now := time.Now()
	c := &conn{
		server:    s,
		id:        s.lastID.Add(1),
		session:   session,
		context:   context.Background(),
		handshake: newHandshake(r, now),
		decoder:   s.options.Format.NewDecoder(s.options.limits()),
	}
	s.workers.Open()
	c.setDeadlines(now.Add(s.options.ConnectTimeout), time.Time{})
	s.logConn(msgConnected, c)
	s.trace.Load().sessionOpened(c)
	if err := c.setContext(r); err != nil {
		session.Abort(engineio.ForcedClose, err)
	}
	return c
}

// setContext makes the context of the client's sockets.
func (c *conn) setContext(r *http.Request) error {
	if c.server.options.Context == nil {
		return nil
	}
	return endpoint.Protect("context", func() error {
		if ctx := c.server.options.Context(c.context, r); ctx != nil {
			c.context = context.WithoutCancel(ctx)
		}
		return nil
	})
}

// rejected tells of a request that was answered with an error.
func (s *Server) rejected(r *http.Request, why engineserver.Rejection) {
	rejection := Rejection{Request: r, Status: why.Status, Code: int(why.Code), Err: why.Err}
	switch {
	case why.Code == engineio.CodeForbidden && why.Err != nil:
		rejection.Reason = why.Err.Error()
	case why.Code != engineio.CodeNone:
		rejection.Reason = why.Code.String()
	default:
		rejection.Reason = http.StatusText(why.Status)
	}
	if !why.Ended { // or logClosed says it
		s.logRejection(&rejection)
	}
	s.trace.Load().requestRejected(rejection)
}

// Upgraded implements engineserver.Upgrader.
func (c *conn) Upgraded() {
	c.server.logConn(msgUpgraded, c)
	c.server.trace.Load().sessionUpgraded(c)
}

// transport returns the name of the session's transport.
func (c *conn) transport() string { return string(c.session.Transport()) }

// setDeadlines tells the session the first of the two.
func (c *conn) setDeadlines(connectBy, assembleBy time.Time) {
	c.connectBy, c.assembleBy = connectBy, assembleBy
	c.session.SetDeadline(earliest(connectBy, assembleBy))
}

// Receive implements engineserver.Receiver.
func (c *conn) Receive(m transport.Message) {
	if c.failed.Load() {
		return
	}
	trace := c.server.trace.Load()
	if trace == nil {
		c.receive(m)
		return
	}
	err := endpoint.Contain("trace", func() error {
		trace.packetReceived(c, m)
		c.receive(m)
		return nil
	})
	if err != nil { // it is not known how far that came
		c.server.logError(slog.LevelError, "trace failed", err)
		c.session.Abort(engineio.TransportError, err)
	}
}

func (c *conn) receive(m transport.Message) {
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
	p, complete, err = c.decoder.Decode(m)
	if complete && c.collecting {
		c.collecting = false
		c.await(time.Time{})
	}
	return p, complete, err
}

// await sets the time by when the next attachment must be there.
func (c *conn) await(t time.Time) {
	moved := c.session.Moved()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved = moved
	c.setDeadlines(c.connectBy, t)
}

// attachmentBytes is how much of a large attachment must come in
// Options.AttachmentTimeout, for another such time.
const attachmentBytes = 10_000

// deliver hands a packet, or the first part of one with attachments, to its socket.
// Acknowledgements are resolved here, on the reader, so that a handler may wait for one.
func (c *conn) deliver(p *parser.Packet, complete bool) {
	s := c.socket(p.Namespace)
	switch {
	case s == nil:
		c.fail(fmt.Errorf("%w: %v", errInvalidState, p.Type))
	case !complete:
		c.collecting = true
		c.await(time.Now().Add(c.server.options.AttachmentTimeout))
	case p.Type == parser.Event:
		s.receive(p)
	case p.Type == parser.Ack:
		if p.HasID { // one that answers nothing is ignored, like one that comes twice
			reply := *p // so that only the packet of an acknowledgement is allocated
			s.acks.Resolve(reply.ID, &reply)
		}
	case p.Type == parser.Disconnect:
		c.vacate(s)
		s.close(event.ClientNamespaceDisconnect, nil)
	default:
		c.fail(errConnectError)
	}
}

// send queues a packet that is not an event.
func (c *conn) send(group []transport.Message) {
	if c.session.Send(group, engineserver.Control) == nil {
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

// Expire implements engineserver.Receiver.
func (c *conn) Expire() {
	now := time.Now()
	moved := c.session.Moved()
	c.mu.Lock()
	connect, assemble := passed(c.connectBy, now), passed(c.assembleBy, now)
	arriving := moved-c.moved >= attachmentBytes
	c.mu.Unlock()
	switch {
	case connect:
		c.session.Abort(engineio.Reason(event.ForcedServerClose), errNoNamespace)
	case assemble && arriving:
		c.await(now.Add(c.server.options.AttachmentTimeout))
	case assemble:
		c.fail(errAttachments)
	}
}

// fail closes the connection because of what the client sent.
func (c *conn) fail(err error) {
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	if closed || c.failed.Swap(true) {
		return // the packet came too late, which is nobody's fault
	}
	c.conclude(engineio.ForcedClose, err)
}

// Closed implements engineserver.Receiver.
func (c *conn) Closed(reason engineio.Reason, err error) {
	c.server.workers.Close()
	if slow(err) { // counted here, once however many broadcasts found it slow at a time
		c.server.slowConsumers.Add(1)
	}
	c.server.logClosed(c, event.Reason(reason), err)
	c.mu.Lock()
	c.closed = true
	sockets := c.sitting()
	c.seats = nil
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
	sockets := c.sitting()
	c.mu.Unlock()
	for _, s := range sockets {
		s.leave()
	}
	c.session.Close()
}

// earliest returns the first of the times that are not zero.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// passed reports whether the time t has come. A zero time never does.
func passed(t, now time.Time) bool { return !t.IsZero() && !now.Before(t) }
