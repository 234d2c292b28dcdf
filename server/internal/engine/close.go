package engine

import (
	"context"
	"errors"
	"time"

	"github.com/isosocket/isosocket/transport"
)

// Reason says why a session ended, in the words of the protocol.
type Reason string

const (
	TransportError Reason = "transport error" // the connection failed, or the peer misused it
	TransportClose Reason = "transport close" // the peer closed
	PingTimeout    Reason = "ping timeout"    // the peer did not answer a ping
	ParseError     Reason = "parse error"     // the peer sent something that is no packet
	ForcedClose    Reason = "forced close"    // we closed

	ForcedServerClose Reason = "forced server close" // the client has joined no namespace in time
)

// state is the life of a session.
type state uint8

const (
	open    state = iota // packets go both ways
	closing              // what was accepted is still sent, nothing is accepted or received any more
	closed               // there is no session any more
)

// Close ends the session once its peer has taken what was accepted by Send, at
// the latest after the configured time. It returns at once.
func (s *Session) Close() {
	s.mu.Lock()
	if s.state != open {
		s.mu.Unlock()
		return
	}
	s.state = closing
	now := time.Now()
	s.closeBy = now.Add(s.server.config.CloseTimeout)
	s.schedule(now)
	conn, probed := s.conn, s.upgrade.conn
	s.upgrade.end()
	if conn != nil {
		s.server.running.Add(1)
	} else {
		s.wakePoll() // with what waits and the close packet
	}
	s.mu.Unlock()

	if probed != nil {
		probed.Close(0, "")
	}
	if conn != nil {
		go func() { // ends when the outbox is empty or conn is closed, waited for by the server's running
			defer s.server.running.Done()
			s.outbox.Wait(context.Background())
			s.End(ForcedClose, nil)
		}()
	}
}

// End ends the session at once. What was accepted and not sent is lost. err may be nil.
func (s *Session) End(reason Reason, err error) { s.end(reason, err, closePacket) }

// end is the only way to the closed state. A GET that waits gets the last packet.
func (s *Session) end(reason Reason, err error, last []transport.Message) {
	s.mu.Lock()
	if s.state == closed {
		s.mu.Unlock()
		return
	}
	s.state = closed
	conn, probed := s.conn, s.upgrade.conn
	var abort func()
	if s.post != nil {
		abort, s.post.abort = s.post.abort, nil
	}
	s.upgrade.end()
	s.answer(last)
	if s.timer != nil {
		s.timer.Stop()
	}
	s.mu.Unlock()

	s.outbox.Close()
	if abort != nil {
		abort()
	}
	for _, c := range []transport.Conn{conn, probed} {
		if c != nil {
			c.Close(0, "")
		}
	}
	s.server.unregister(s)
	s.receiver.Closed(reason, err)
	s.server.running.Done()
}

// fail ends the session because of what Read or Write of its WebSocket returned.
func (s *Session) fail(err error) {
	var closed *transport.CloseError
	if errors.As(err, &closed) {
		s.End(TransportClose, err)
		return
	}
	s.End(TransportError, err)
}
