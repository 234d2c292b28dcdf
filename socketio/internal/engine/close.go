package engine

import (
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

// Reason says why a session ended. The values are those of
// engine.io-client/lib/socket.ts.
type Reason string

const (
	PingTimeout    Reason = "ping timeout"    // no ping of the server in time
	TransportClose Reason = "transport close" // the server, or the network, closed the connection
	TransportError Reason = "transport error" // the connection failed, or carried what is not Engine.IO
	ParseError     Reason = "parse error"     // the layer above could not decode a message
	ForcedClose    Reason = "forced close"    // Close was called
)

// closeTimeout bounds how long Close waits for what is still to be written.
const closeTimeout = 5 * time.Second

type lifeState int

const (
	// alive: messages are taken and handed over.
	alive lifeState = iota
	// closing: no more messages are taken; the outbox drains.
	closing
	// closed: it is known why the session ended, and everything of it is told to
	// stop.
	closed
)

// life is how far a session is on its way to the end.
type life struct {
	state    lifeState
	deadline time.Time // of closing
	reason   Reason    // set once, with closed
	err      error     // the cause, if there is more to say than reason
}

// finish ends the session. Only the first call counts.
func (s *Session) finish(reason Reason, err error) {
	s.mu.Lock()
	if s.life.state == closed {
		s.mu.Unlock()
		return
	}
	if s.life.state == closing { // whatever ends it now, it is what Close asked for
		reason, err = ForcedClose, nil
	}
	s.life.state, s.life.reason, s.life.err = closed, reason, err
	if s.alarm.Stop() {
		s.work.Done()
	}
	conn, candidate := s.conn, s.upgrade.conn
	s.mu.Unlock()

	s.outbox.Close()
	for _, c := range []transport.Conn{conn, candidate} {
		if c != nil {
			c.Close(0, "") // a close frame before the context ends every use of the connection
		}
	}
	s.cancel(err)
}

// Close ends the session once what was sent is written, within 5 seconds. It
// does not wait for that: Serve returns then.
func (s *Session) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life.state != alive {
		return
	}
	s.life.state, s.life.deadline = closing, time.Now().Add(closeTimeout)
	if s.alarm.Stop() {
		s.alarm.Reset(closeTimeout)
	}
	end := engineio.Encode(engineio.Packet{Type: engineio.TypeClose})
	_ = s.outbox.Force(outgoing{messages: []transport.Message{end}, last: true}, len(end.Data))
}

// Abort ends the session at once, without writing what waits.
func (s *Session) Abort(reason Reason, err error) { s.finish(reason, err) }
