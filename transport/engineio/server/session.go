//go:build !js

package engineserver

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/engineio/internal/session"
)

var (
	// ErrClosed is returned by Send for a session that is closing or closed.
	ErrClosed = session.ErrClosed
	// ErrFull is returned by Send for messages that do not fit into the send buffer.
	ErrFull = session.ErrFull
	// ErrDropped is returned by Send for volatile messages that the client was not ready for.
	ErrDropped = session.ErrDropped
)

// Kind says what may become of messages that the client is not ready for, see Session.Send.
type Kind = session.Kind

const (
	Ordinary = session.Ordinary // wait; refused with ErrFull when the send buffer is full
	Volatile = session.Volatile // dropped with ErrDropped
	Control  = session.Control  // wait, and are never refused: what a protocol cannot do without
	Answer   = session.Answer   // like Control: acknowledgements
)

// Shared is the messages of a packet that many sessions are sent. They count once for
// Options.SendBuffers.
type Shared = session.Shared

// NewShared keeps the messages, which must not be changed any more.
func NewShared(messages []transport.Message) *Shared { return session.NewShared(messages) }

// Backlog is what waited to be sent when a session ended.
type Backlog = session.Backlog

// Receiver is the user of a session.
type Receiver interface {
	// Receive takes a message of the client, which it owns then. It is called by one
	// goroutine at a time and in order. While it waits nothing is read from the
	// client; long waits belong in Session.Hold.
	Receive(m transport.Message)

	// Expire is called when the time set with Session.SetDeadline has come.
	Expire()

	// Closed is called once, when the session has ended. It must not wait. err says
	// more than the reason, or is nil.
	Closed(reason engineio.Reason, err error)
}

// Upgrader is a [Receiver] that is told when its session has moved to a WebSocket,
// before anything is received there.
type Upgrader interface {
	// Upgraded is called once at most. It must not wait.
	Upgraded()
}

// Concluder is a [Receiver] that ends its session by itself when the client has broken
// the protocol: what came before may have to be answered first. Without it the session
// does what Session.CloseFor does.
type Concluder interface {
	// Conclude is called where Receive is, which may be called again until the session
	// has ended. It must not wait.
	Conclude(reason engineio.Reason, err error)
}

// Session is one client, whatever transport it is on. Its methods may be called concurrently.
type Session struct {
	core     session.Session
	server   *Server
	polling  *polling // nil if the session began on a WebSocket
	receiver Receiver

	moved [2]int64 // bytes, when shortage looked last and before
}

// openInPlace is open for a handshake that has a place among the sessions. Should nothing come of it,
// the place is free before the client can know.
func (s *Server) openInPlace(conn transport.Conn, r *http.Request) (opened *Session) {
	defer func() { s.giveUp(opened == nil) }() // also when user code panics
	return s.open(conn, r)
}

// open starts a session on conn, or on polling when conn is nil. It returns nil when
// the server was closed meanwhile, or Options.Open has ended the session. The reader
// of conn is the caller's to start.
func (s *Server) open(conn transport.Conn, r *http.Request) *Session {
	opened := &Session{server: s}
	if conn == nil {
		opened.polling = &polling{session: opened}
		opened.core.Init(&s.config, NewID(), opened.polling)
	} else {
		opened.core.Init(&s.config, NewID(), session.Opening(conn))
		opened.Send([]transport.Message{opened.handshake()}, Control)
	}
	opened.receiver = s.options.Open(opened, r)

	opened.core.Lock()
	ended := opened.core.State() == session.Closed
	if !ended && conn != nil {
		opened.core.Switch(conn)
	}
	if !ended {
		opened.core.Start((*user)(opened), time.Now(), s.options.PingInterval, s.options.PingTimeout)
	}
	registered := !ended && s.register(opened, conn != nil)
	opened.core.Unlock()
	switch {
	case ended: // by Open
		opened.receiver.Closed(opened.core.Outcome())
		return nil
	case !registered:
		opened.core.Abort(engineio.ForcedClose, ErrShutdown)
		return nil
	case conn != nil:
		opened.core.Resume()
	}
	return opened
}

// user is a Session as its core knows its user.
type user Session

func (u *user) Receive(m transport.Message) { u.receiver.Receive(m) }
func (u *user) Expire()                     { u.receiver.Expire() }

func (u *user) Conclude(reason engineio.Reason, err error) {
	if c, ok := u.receiver.(Concluder); ok {
		c.Conclude(reason, err)
	} else {
		u.core.CloseFor(reason, err)
	}
}

func (u *user) Closed(reason engineio.Reason, err error) {
	if u.polling != nil {
		u.polling.abortPost()
		u.core.Lock()
		u.polling.forget()
		u.core.Unlock()
	}
	registered := u.server.unregister((*Session)(u))
	u.receiver.Closed(reason, err)
	if registered {
		u.server.running.Done()
	}
}

// handshake is the packet that a session begins with.
func (s *Session) handshake() transport.Message {
	o := &s.server.options
	h := engineio.Handshake{
		SID:          s.core.ID,
		PingInterval: o.PingInterval,
		PingTimeout:  o.PingTimeout,
		MaxPayload:   o.MaxPayload,
	}
	if s.polling != nil && s.server.upgrades() {
		h.Upgrades = []engineio.Transport{engineio.WebSocket}
	}
	return h.Encode()
}

// SID returns the session's id. Whoever knows it can speak for the client.
func (s *Session) SID() string { return s.core.ID }

// Transport returns the transport in use.
func (s *Session) Transport() engineio.Transport { return s.core.Transport() }

// Send queues the messages of one packet of the layer above, which nothing gets in
// between. It does not wait, and keeps the slice, which must not be changed any
// more. A message that has a lead goes out as the Engine.IO
// packet of that type. Text must not hold the byte 0x1e, for which polling has no
// escape, see [engineio.AppendPayload].
//
// When that exceeds Options.SendBuffers, sessions are ended before Send returns, whose
// receivers are told: so it must not be called under a lock that Receiver.Closed takes,
// except with [Control], which ends none.
//
// The error is [ErrFull], [ErrDropped] for a volatile packet, or [ErrClosed].
// Nothing is sent then.
func (s *Session) Send(messages []transport.Message, kind Kind) error {
	return s.core.Send(messages, kind)
}

// SendShared is Send of messages that other sessions are sent, too.
func (s *Session) SendShared(m *Shared, kind Kind) error { return s.core.SendShared(m, kind) }

// Buffered returns how many bytes are held of what waits to be sent.
func (s *Session) Buffered() int { return s.core.Buffered() }

// held returns how many bytes are held for the client, answers that are on their way included.
func (s *Session) held() int {
	bytes := s.Buffered()
	if s.polling != nil {
		s.core.Lock()
		bytes += s.polling.held
		s.core.Unlock()
	}
	return bytes
}

// AwaitBuffered returns nil when Buffered is not over most any more, ErrClosed when the
// session has ended before, and the cause of ctx when that is done first.
func (s *Session) AwaitBuffered(ctx context.Context, most int) error {
	return s.core.AwaitBuffered(ctx, most)
}

// Moved returns how many bytes have left and arrived so far, as far as the transport
// knows, parts of messages included.
func (s *Session) Moved() int64 { return s.core.Moved() }

// Backlog returns what waited to be sent when the session ended. It is set when
// Receiver.Closed is called.
func (s *Session) Backlog() Backlog { return s.core.Backlog() }

// SetDeadline makes the session call Receiver.Expire at t. There is one deadline;
// the zero time removes it.
func (s *Session) SetDeadline(t time.Time) { s.core.SetDeadline(t) }

// Hold calls wait, which may take long, in Receive. Nothing is read from the client
// meanwhile, so it is not blamed for a pong that may be there.
func (s *Session) Hold(wait func()) { s.core.Hold(wait) }

// Close ends the session once its client has taken what Send accepted, or has taken
// nothing of it for Options.CloseTimeout. It returns at once.
func (s *Session) Close() { s.core.Close() }

// CloseFor is Close because the client has broken the protocol, for which the reason
// stands. It ends the session at once when nothing waits to be sent. err may be nil.
func (s *Session) CloseFor(reason engineio.Reason, err error) { s.core.CloseFor(reason, err) }

// Abort ends the session at once. What was accepted and not sent is lost. err may be nil.
func (s *Session) Abort(reason engineio.Reason, err error) { s.core.Abort(reason, err) }

// NewID returns a name that cannot be guessed: 20 characters, 120 random bits.
func NewID() string {
	var b [15]byte
	rand.Read(b[:]) // never fails, see crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
}
