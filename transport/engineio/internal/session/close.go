package session

import (
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

var closePacket = engineio.Encode(engineio.Packet{Type: engineio.TypeClose})

// Close ends the session once what Send accepted has left. It returns at once. A peer
// that takes nothing of it for Config.CloseTimeout gets no more time.
func (s *Session) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != Open {
		return
	}
	s.conclude(engineio.ForcedClose, nil)
}

// CloseFor is Close because of what the peer did: it gets what was accepted for it,
// and then nothing more is waited for. err may be nil.
func (s *Session) CloseFor(reason engineio.Reason, err error) {
	s.mu.Lock()
	flush := s.state == Open && s.outbox.Len() > 0
	if flush {
		s.conclude(reason, err)
	}
	done := s.state == Open
	s.mu.Unlock()
	if done {
		s.Abort(reason, err)
	}
}

// conclude begins an orderly end. The caller holds the lock, and the state is Open.
func (s *Session) conclude(reason engineio.Reason, err error) {
	s.state, s.reason, s.err = Closing, reason, err
	now := time.Now()
	s.closeBy = now.Add(s.config.CloseTimeout)
	s.pace.begin(now, s.transport.Moved())
	s.Schedule(now)
	g := group{marks: last}
	if s.outbox.Force(g, transport.Held(nil)) == nil { // else a write has failed, and the reader is about to notice
		s.config.Budget.hold(&g)
	}
	s.transport.Queued()
}

// Abort ends the session at once. What was accepted and has not left is lost. err
// may be nil.
func (s *Session) Abort(reason engineio.Reason, err error) {
	s.end(reason, err, engineio.TypeClose)
}

// end is the only way to the Closed state. A peer that waits gets the last packet.
func (s *Session) end(reason engineio.Reason, err error, last engineio.Type) {
	s.mu.Lock()
	if s.state == Closed {
		s.mu.Unlock()
		return
	}
	if s.state == Closing { // whatever ends it now, it is what was asked for
		reason, err = s.reason, s.err
	}
	s.state, s.reason, s.err = Closed, reason, err
	then, user := s.transport.End(last), s.user
	if s.timer != nil {
		s.timer.Stop()
	}
	s.closeOutbox()
	s.mu.Unlock()

	if then != nil {
		then()
	}
	if user != nil {
		user.Closed(reason, err)
	}
}

// closeOutbox is called when nothing leaves any more. The caller holds the lock.
func (s *Session) closeOutbox() {
	if s.backlog.Bytes == 0 {
		s.backlog = Backlog{s.outbox.Bytes(), s.outbox.Behind()}
	}
	waiting := s.outbox.Close()
	s.config.Budget.release(waiting)
	if !s.config.Server { // its client cannot come back to this session
		s.waiting = append(s.waiting, waiting...)
	}
}

// Backlog returns what waited to be sent when the session ended. The receiver is told
// of the end after that.
func (s *Session) Backlog() Backlog {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.backlog
}

// Reason returns why the session ended, or is about to. The caller holds the lock.
func (s *Session) Reason() engineio.Reason { return s.reason }

// Outcome returns why the session ended, as it was told to Receiver.Closed.
func (s *Session) Outcome() (engineio.Reason, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason, s.err
}
