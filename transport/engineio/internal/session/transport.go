package session

import (
	"context"
	"errors"
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

// Transport is what a session is on. It is called with the session's lock held.
type Transport interface {
	// Name returns the transport's name.
	Name() engineio.Transport

	// Ready reports whether the peer would get something at once, as far as the
	// transport knows.
	Ready() bool

	// Moved returns how many bytes have left and arrived so far, as far as the
	// transport knows, parts of messages included.
	Moved() int64

	// Queued is called when something was added to the outbox.
	Queued()

	// Due returns when Advance is to be called, or zero.
	Due() time.Time

	// Advance does what is due. It may return what is to be called without the lock.
	Advance(now time.Time) (then func())

	// End is called when the session closes. A peer that waits is answered with a
	// packet of that type. It returns what is to be called without the lock.
	End(last engineio.Type) (then func())
}

// Poster is a [Transport] that sends by itself. Without it the outbox rests until the
// session moves to a WebSocket, and the peer takes from it.
type Poster interface {
	// Post sends packets, without the session's lock, and returns when the peer has
	// dealt with them. last says that nothing follows, for which the peer may need a
	// packet. The error is as that of transport.Conn.Write.
	Post(packets []transport.Message, last bool) error
}

// WebSocket returns the transport of a session on conn.
func WebSocket(conn transport.Conn) Transport { return &webSocket{conn} }

type webSocket struct{ conn transport.Conn }

func (*webSocket) Name() engineio.Transport { return engineio.WebSocket }
func (*webSocket) Ready() bool              { return true }
func (*webSocket) Queued()                  {}
func (*webSocket) Due() time.Time           { return time.Time{} }
func (*webSocket) Advance(time.Time) func() { return nil }
func (w *webSocket) Moved() int64 {
	if c, ok := w.conn.(transport.Mover); ok {
		return c.Moved()
	}
	return 0
}
func (w *webSocket) End(engineio.Type) (then func()) { return func() { w.conn.Close(0, "") } }

// Opening is WebSocket while it is not sure that the session opens, whose end does not
// close conn then: Switch when it does.
func Opening(conn transport.Conn) Transport { return &opening{webSocket{conn}} }

type opening struct{ webSocket }

func (*opening) End(engineio.Type) (then func()) { return nil }

// Switch moves the session to conn, whose reader is the caller's to start. The
// caller holds the lock, has made sure that the session is not closed and the
// outbox rests, and calls Resume.
// https://socket.io/docs/v4/engine-io-protocol/#upgrade
func (s *Session) Switch(conn transport.Conn) { s.transport = &webSocket{conn} }

// Rest makes the outbox rest from now on. What is being written goes on.
func (s *Session) Rest() { s.outbox.PauseNow() }

// AwaitRest is Rest that waits for what is being written, until ctx is done.
func (s *Session) AwaitRest(ctx context.Context) error { return s.outbox.Pause(ctx) }

// Resume ends a rest.
func (s *Session) Resume() { s.outbox.Resume() }

// Read hands over what arrives on conn, until the session ends. It is the one
// goroutine of an idle session on a WebSocket.
func (s *Session) Read(conn transport.Conn) {
	for {
		m, err := conn.Read(context.Background()) // the session's end closes conn
		if err != nil {
			s.Fail("read", err)
			break
		}
		p, err := s.config.Revision.Decode(m)
		if err != nil {
			s.user.Conclude(engineio.ParseError, Wrap("read", err))
			continue // until what was accepted has left
		}
		s.Receive(p)
	}
	s.Wait() // conn is closed, so that its writer ends at once
}

// Wait returns when nothing is written any more. The session has ended.
func (s *Session) Wait() { _ = s.outbox.Wait(context.Background()) }

// Fail ends the session because of what reading or writing returned.
func (s *Session) Fail(doing string, err error) {
	reason := engineio.TransportError
	if _, closed := errors.AsType[*transport.CloseError](err); closed {
		reason = engineio.TransportClose
	}
	s.Abort(reason, Wrap(doing, err))
}
