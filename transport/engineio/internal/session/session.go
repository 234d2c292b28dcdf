package session

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/queue"
)

var (
	// ErrClosed is returned by Send for a session that is closing or closed.
	ErrClosed = errors.New("engineio: session closed")
	// ErrFull is returned by Send for messages that do not fit into the send buffer.
	ErrFull = errors.New("engineio: send buffer full")
	// ErrDropped is returned by Send for volatile messages that the peer was not ready for.
	ErrDropped = errors.New("engineio: volatile messages dropped")
	// ErrExpired is returned by Send when the peer's ping is overdue: the session ends.
	ErrExpired = errors.New("engineio: heartbeat overdue")

	errPingDirection = errors.New("engineio: ping from the end that has to wait for pings")
	errPeerClosed    = errors.New("engineio: closed by the peer")
)

// Config is what the sessions of one end share. It is not changed any more.
type Config struct {
	Revision     *engineio.Revision // of the protocol
	Server       bool               // this end is the server
	SendBuffer   int                // bytes held that may wait to be sent on one session; 0 means no limit
	Budget       *Budget            // of all sessions; nil means no limit
	CloseTimeout time.Duration      // for what was accepted to leave once Close was called
	OnPing       func()             // a ping was received; may be nil
}

// Receiver is the user of a session, see the Receiver of package engineserver. It is
// called without the lock.
type Receiver interface {
	Receive(m transport.Message)                // a message of the peer
	Conclude(reason engineio.Reason, err error) // the peer has broken the protocol: ends the session
	Expire()                                    // the time set with SetDeadline has come
	Closed(reason engineio.Reason, err error)   // once, at the end
}

// State is the life of a session. It only goes up.
type State uint8

const (
	Open    State = iota // messages go both ways
	Closing              // Close or CloseFor was called: what was accepted still leaves, nothing is accepted or received
	Closed               // the session has ended: its reader and its writer are about to return
)

// Session is one connection, whatever transport it is on. Its methods may be called
// concurrently.
type Session struct {
	ID     string // names the session in requests
	config *Config
	user   Receiver

	// outbox holds groups of messages. Polling of the server pauses it, and takes
	// from it by itself.
	outbox queue.Queue[group]

	mu        sync.Mutex // guards what follows; nothing that waits is called under it
	state     State
	transport Transport
	heartbeat heartbeat
	closeBy   time.Time   // when closing ends; zero unless closing
	deadline  time.Time   // the receiver's; zero for none
	timer     *time.Timer // nil before the first deadline
	alarm     time.Time   // when timer fires; zero when it does not
	reason    engineio.Reason
	err       error // with reason
	pace      pace  // of what moves since a ping or Close
	backlog   Backlog
	unsettled bool    // something ordinary was sent that the peer may not have dealt with
	unsent    []group // that failed to leave
	waiting   []group // when the session ended, behind unsent
}

// Backlog is what waited to be sent when a session ended.
type Backlog struct {
	Bytes int       // held
	Since time.Time // it has been over 64 KiB; zero if it was not
}

// Init makes a Session that is a field of another struct ready for Send and Start.
// The outbox of a server's rests: Resume it behind the handshake.
func (s *Session) Init(config *Config, id string, t Transport) {
	s.ID, s.config, s.transport = id, config, t
	s.outbox.Init(queue.Limits{MaxBytes: config.SendBuffer}, s.drain)
	if config.Server {
		s.outbox.PauseNow() // until the handshake is in it; on polling the peer takes
	}
}

// Start begins the life of the session, of which user is told from now on. The caller
// holds the lock, has made sure that the session is not closed, and on a WebSocket
// then calls Read.
func (s *Session) Start(user Receiver, now time.Time, interval, timeout time.Duration) {
	s.user = user
	s.pace.begin(now, s.transport.Moved())
	s.heartbeat.start(now, s.config.Server != s.config.Revision.ClientPings, interval, timeout)
	s.Schedule(now)
}

// Lock locks what transitions change: those of the session, and of the transport it is on.
func (s *Session) Lock() { s.mu.Lock() }

// Unlock is the reverse of Lock.
func (s *Session) Unlock() { s.mu.Unlock() }

// State returns the session's state. The caller holds the lock.
func (s *Session) State() State { return s.state }

// On returns the name of the transport that the session is on. The caller holds the lock.
func (s *Session) On() engineio.Transport { return s.transport.Name() }

// Transport is On for a caller without the lock.
func (s *Session) Transport() engineio.Transport {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.On()
}

// Receive acts on a packet of the peer. It is called by one goroutine at a time.
func (s *Session) Receive(p engineio.Packet) {
	switch p.Type {
	case engineio.TypeMessage:
		s.mu.Lock()
		open := s.state == Open
		if s.heartbeat.awaiting {
			s.heartbeat.message(time.Now())
		}
		s.mu.Unlock()
		if open {
			s.user.Receive(transport.Message{Data: p.Data, Binary: p.Binary})
		}
	case engineio.TypePing:
		s.pinged(p.Data)
	case engineio.TypePong:
		s.mu.Lock()
		if s.heartbeat.awaiting { // of others, which cost a peer two bytes, there may be any number
			now := time.Now()
			s.heartbeat.pong(now)
			if s.state != Closed {
				s.Schedule(now)
			}
		}
		s.mu.Unlock()
	case engineio.TypeClose:
		s.end(engineio.TransportClose, errPeerClosed, engineio.TypeNoop)
	}
	// An open, upgrade or noop packet means nothing here.
}

// SetDeadline makes the session call Receiver.Expire at t. There is one deadline;
// the zero time removes it.
func (s *Session) SetDeadline(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deadline = t
	if s.state != Closed {
		s.Schedule(time.Now())
	}
}

// Schedule is to be called after a transition that may have moved a deadline. It
// makes sure that tick runs at the earliest of them, or before: a timer that fires
// too early is armed again then, so that moving a deadline back costs nothing. The
// caller holds the lock.
func (s *Session) Schedule(now time.Time) {
	if s.user == nil {
		return // Start does it
	}
	next := Earlier(Earlier(s.closeBy, s.deadline), s.transport.Due())
	if s.state == Open { // who is closing expects nothing of its peer any more
		next = Earlier(next, s.heartbeat.due)
	}
	if next.IsZero() || !s.alarm.IsZero() && !next.Before(s.alarm) {
		return
	}
	s.alarm = next
	if s.timer == nil {
		s.timer = time.AfterFunc(next.Sub(now), s.tick)
	} else {
		s.timer.Reset(next.Sub(now))
	}
}

// CatchUp does what is due. Timers may be late, the clock is not.
func (s *Session) CatchUp() {
	s.mu.Lock()
	due := passed(s.alarm, time.Now())
	s.mu.Unlock()
	if due {
		s.tick()
	}
}

// tick is the timer's function: it does what is due.
func (s *Session) tick() {
	s.mu.Lock()
	if s.state == Closed {
		s.mu.Unlock()
		return
	}
	now := time.Now()
	moved := s.transport.Moved()
	busy := s.pace.enough(now, moved)
	then := s.transport.Advance(now)
	beat := beatNone
	overdue, expired := passed(s.closeBy, now), passed(s.deadline, now)
	if expired {
		s.deadline = time.Time{}
	}
	switch due := s.heartbeat.due; {
	case s.state == Closing: // nothing is expected of the peer but to take what was accepted
		expired = false
		if overdue && busy {
			s.closeBy, overdue = now.Add(s.config.CloseTimeout), false
			s.pace.begin(now, moved)
		}
	default:
		beat = s.heartbeat.advance(now, busy)
		if s.heartbeat.due != due {
			s.pace.begin(now, moved)
		}
	}
	s.alarm = time.Time{}
	if beat != beatLost && !overdue { // else it ends
		s.Schedule(now)
	}
	s.mu.Unlock()

	if then != nil {
		then()
	}
	switch {
	case beat == beatLost:
		s.Abort(engineio.PingTimeout, nil)
	case overdue:
		s.Abort(engineio.ForcedClose, nil)
	default:
		if beat == beatPing {
			s.control(ping, pinging)
		}
		if expired {
			s.user.Expire()
		}
	}
}

// Earlier returns the earlier of two deadlines. A zero time is none.
func Earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// passed reports whether the time t has come. A zero time never does.
func passed(t, now time.Time) bool { return !t.IsZero() && !now.Before(t) }

// Wrap says what was being done when err was met.
func Wrap(doing string, err error) error { return fmt.Errorf("engineio: %s: %w", doing, err) }
