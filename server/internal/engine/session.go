package engine

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/queue"
)

var (
	// ErrClosed is returned by Send for a session that is closing or closed.
	ErrClosed = errors.New("engine: session closed")
	// ErrDropped is returned by Send for volatile messages that the peer was not ready for.
	ErrDropped = errors.New("engine: volatile packet dropped")
	// ErrSlowConsumer is the cause of the end of a session whose peer does not take
	// what is sent to it.
	ErrSlowConsumer = errors.New("engine: send queue full")

	errPingDirection = errors.New("engine: invalid heartbeat direction")
)

// volatileLimit is how many groups may wait for a WebSocket before a volatile one is
// dropped: a peer that keeps up never has so many waiting.
const volatileLimit = 64

var (
	closePacket = []transport.Message{engineio.Encode(engineio.Packet{Type: engineio.TypeClose})}
	pingPacket  = []transport.Message{engineio.Encode(engineio.Packet{Type: engineio.TypePing})}
	noop        = []transport.Message{engineio.Encode(engineio.Packet{Type: engineio.TypeNoop})}
	probeAnswer = engineio.Encode(engineio.Packet{Type: engineio.TypePong, Data: []byte("probe")})
)

// Session is one client, whatever transport it is on. Its methods may be called concurrently.
type Session struct {
	id       string
	server   *Server
	receiver Receiver

	// outbox holds groups of encoded messages. It is paused while the session is on polling.
	outbox queue.Queue[[]transport.Message]

	mu        sync.Mutex // guards what follows; nothing that waits is called under it
	state     state
	conn      transport.Conn // nil while on polling
	poll      *poll          // the GET that waits; nil when there is none
	heartbeat heartbeat
	upgrade   upgrade
	post      *post       // the POST that is being served; nil when there is none
	closeBy   time.Time   // when closing ends; zero unless closing
	deadline  time.Time   // the receiver's; zero for none
	timer     *time.Timer // nil before the first deadline
	alarm     time.Time   // when timer fires; zero when it does not
}

// open starts a session on conn, or on polling when conn is nil. It returns nil
// when the server takes no more. The reader of conn is the caller's to start.
func (s *Server) open(conn transport.Conn, r *http.Request) *Session {
	session := &Session{id: NewID(), server: s, conn: conn}
	session.outbox.Init(s.config.Outbox, session.write)
	if conn == nil {
		session.outbox.PauseNow()
	}
	session.receiver = s.config.Open(session, r)

	session.mu.Lock()
	defer session.mu.Unlock()
	if !s.register(session) {
		session.state = closed
		if session.timer != nil {
			session.timer.Stop()
		}
		return nil
	}
	if conn != nil {
		s.running.Add(1) // the reader
	}
	now := time.Now()
	session.heartbeat.start(now, s.config.PingInterval, s.config.PingTimeout)
	session.schedule(now)
	return session
}

// handshake is the packet that a session begins with.
func (s *Session) handshake() transport.Message {
	config := &s.server.config
	h := engineio.Handshake{
		SID:          s.id,
		PingInterval: config.PingInterval,
		PingTimeout:  config.PingTimeout,
		MaxPayload:   config.MaxPayload,
	}
	if s.conn == nil && config.WebSocket && config.Upgrades {
		h.Upgrades = []string{"websocket"}
	}
	return h.Encode()
}

// Send queues a packet and its attachments: encoded messages that go out one
// after the other. It does not wait. The session keeps the slice, which must not
// be changed any more.
//
// A volatile group is dropped with ErrDropped when the peer is not ready for it.
// Any other group that does not fit ends the session.
func (s *Session) Send(messages []transport.Message, volatile bool) error {
	size := groupSize(messages)
	s.mu.Lock()
	if s.state != open {
		s.mu.Unlock()
		return ErrClosed
	}
	if volatile && !s.ready() {
		s.mu.Unlock()
		return ErrDropped
	}
	err := s.outbox.Put(messages, size)
	if err == nil {
		s.wakePoll()
	}
	s.mu.Unlock()

	switch {
	case err == nil:
		return nil
	case err != queue.ErrFull:
		return ErrClosed
	case volatile:
		return ErrDropped
	}
	s.server.slow.Add(1)
	limits := s.server.config.Outbox
	s.server.config.Logger.Warn("slow consumer disconnected", "limit_bytes", limits.MaxBytes, "limit_packets", limits.MaxItems)
	s.End(TransportError, ErrSlowConsumer)
	return ErrSlowConsumer
}

// ready tells whether something volatile may be sent. The caller holds mu.
func (s *Session) ready() bool {
	if s.conn == nil {
		return s.poll != nil
	}
	return s.outbox.Len() < volatileLimit
}

// receive handles a packet from the peer. It is called by one goroutine at a time.
func (s *Session) receive(p engineio.Packet) {
	s.mu.Lock()
	if s.state != open {
		s.mu.Unlock()
		return
	}
	switch p.Type {
	case engineio.TypeMessage:
		if s.heartbeat.awaiting {
			s.heartbeat.message(time.Now())
		}
	case engineio.TypePong:
		now := time.Now()
		s.heartbeat.pong(now)
		s.schedule(now)
	}
	s.mu.Unlock()

	switch p.Type {
	case engineio.TypeMessage:
		s.receiver.Receive(transport.Message{Data: p.Data, Binary: p.Binary})
	case engineio.TypeClose:
		s.end(TransportClose, nil, noop)
	case engineio.TypePing:
		s.End(TransportError, errPingDirection)
	}
	// An open, upgrade or noop packet means nothing here.
}

// Hold calls wait, which may take long. Nothing is read from the peer meanwhile, so
// it is not blamed for a pong that may be there.
func (s *Session) Hold(wait func()) {
	s.mu.Lock()
	s.heartbeat.hold()
	s.mu.Unlock()
	wait()
	s.mu.Lock()
	s.heartbeat.release(time.Now())
	s.mu.Unlock()
}

// SetDeadline makes the session call Receiver.Expire at t. There is one deadline;
// the zero time removes it.
func (s *Session) SetDeadline(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deadline = t
	if s.state != closed {
		s.schedule(time.Now())
	}
}

// schedule makes sure that tick runs at the earliest deadline, or before: a timer
// that fires too early is armed again then, so that moving a deadline back costs
// nothing. The caller holds mu.
func (s *Session) schedule(now time.Time) {
	next := Earliest(s.heartbeat.due, s.upgrade.next(), s.closeBy, s.deadline)
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

// tick is the timer's function: it does what is due.
func (s *Session) tick() {
	s.mu.Lock()
	if s.state == closed {
		s.mu.Unlock()
		return
	}
	now := time.Now()
	beat := s.heartbeat.advance(now)
	answer, late := s.upgrade.advance(now)
	if answer {
		s.answer(noop)
	}
	overdue := Passed(s.closeBy, now)
	expired := Passed(s.deadline, now)
	if expired {
		s.deadline = time.Time{}
	}
	s.alarm = time.Time{}
	s.schedule(now)
	s.mu.Unlock()

	if late != nil {
		late.Close(0, "")
	}
	switch {
	case beat == beatLost:
		s.End(PingTimeout, nil)
	case overdue:
		s.End(ForcedClose, context.DeadlineExceeded)
	case beat == beatPing:
		s.Send(pingPacket, false)
	}
	if expired {
		s.receiver.Expire()
	}
}
