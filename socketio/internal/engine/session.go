package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/queue"
)

// The transports, by the names that the protocol gives them.
const (
	Polling   = "polling"
	WebSocket = "websocket"
)

// Config says how to open a session.
type Config struct {
	// URL of the endpoint, http: or https:, with the query of the user:
	// "http://host/socket.io/?token=x". The protocol's own parameters are added
	// to it.
	URL string

	// Transports in order of preference. The first one opens the session, or with
	// TryAll the first one that can. Ones that the runtime lacks are left out.
	Transports []string
	TryAll     bool // of them

	Dialer       transport.Dialer       // nil: no WebSocket
	RoundTripper transport.RoundTripper // nil: no polling

	// UpgradeTimeout bounds the probing of a WebSocket. 0 means no bound.
	UpgradeTimeout time.Duration

	MaxMessage int          // bytes of a received message or response; 0 means no limit
	Outbox     queue.Limits // of what waits to be written

	// The hooks are called while the session waits for them. Nil ones are not
	// called.
	OnPing     func()          // a ping was received and is answered
	OnUpgraded func()          // the session moved to WebSocket
	OnStay     func(err error) // it could not, and stays with polling
}

// Session is one Engine.IO session, open until Serve returns. Its methods may be
// called concurrently and do not block, save Serve.
type Session struct {
	config    Config
	handshake engineio.Handshake

	// ctx is over when the session has ended. It is the context of every request,
	// read and write of the session, which no call of a user lives as long as.
	ctx    context.Context
	cancel context.CancelCauseFunc

	early  []received // what came with the handshake
	outbox queue.Queue[outgoing]
	work   sync.WaitGroup // the prober, and the alarm while it is set

	mu        sync.Mutex
	life      life           // guarded by mu
	heartbeat heartbeat      // guarded by mu
	upgrade   upgrade        // guarded by mu
	conn      transport.Conn // guarded by mu; nil while the transport is polling
	alarm     *time.Timer    // guarded by mu; fires for the earliest deadline, see wake
}

// ErrExpired is returned by Send when the heartbeat is overdue: the message was
// not taken, and the session ends.
var ErrExpired = errors.New("engine: heartbeat overdue")

// newSession returns the session that a handshake began.
func newSession(config Config, h engineio.Handshake, conn transport.Conn, now time.Time) *Session {
	s := &Session{config: config, handshake: h, conn: conn}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.outbox.Init(config.Outbox, s.write)
	s.heartbeat.begin(h.PingInterval+h.PingTimeout, now)
	s.work.Add(1) // for the alarm, see wake
	s.mu.Lock()
	s.alarm = time.AfterFunc(s.heartbeat.deadline().Sub(now), s.wake)
	s.mu.Unlock()
	return s
}

// SID returns the session's id.
func (s *Session) SID() string { return s.handshake.SID }

// Transport returns the name of the transport in use.
func (s *Session) Transport() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		return WebSocket
	}
	return Polling
}

// Serve reads until the session ends, and tells why it did. Each message of the
// server is handed over on the calling goroutine, in order: text without the
// packet type, whose Data belongs to receive. A receive that blocks keeps the
// session from reading; it must return when ctx is over.
//
// When Serve returns nothing of the session runs any more. It must be called
// exactly once, also for a session that was closed before.
func (s *Session) Serve(receive func(ctx context.Context, m transport.Message)) (Reason, error) {
	if s.Transport() == Polling {
		s.probe()
		s.poll(receive)
	}
	if conn := s.webSocket(); conn != nil {
		s.read(conn, receive)
	}
	<-s.ctx.Done()
	s.work.Wait()
	s.outbox.Wait(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.life.reason, s.life.err
}

// Send appends a group of encoded packets, in practice a packet and its
// attachments, which nothing gets in between. size is their bytes. It keeps the
// slice.
//
// The error is [ErrExpired], or that of the queue: [queue.ErrFull], or
// [queue.ErrClosed] when the session has ended or is closing.
func (s *Session) Send(group []transport.Message, size int) error {
	return s.send(group, size, s.outbox.Put)
}

// SendAnyway is Send that the outbox's limits do not refuse, for what the caller
// has bounded itself.
func (s *Session) SendAnyway(group []transport.Message, size int) error {
	return s.send(group, size, s.outbox.Force)
}

func (s *Session) send(group []transport.Message, size int, put func(outgoing, int) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life.state != alive {
		return queue.ErrClosed
	}
	if s.heartbeat.expired(time.Now()) {
		s.wakeNow()
		return ErrExpired
	}
	return put(outgoing{messages: group}, size)
}

// Writable tells whether a message would be written at once.
func (s *Session) Writable() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.life.state == alive && s.upgrade.state != pausing && s.outbox.Len() == 0
}

// webSocket returns the connection, or nil when the transport is polling.
func (s *Session) webSocket() transport.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn
}

// handle acts on a packet that was received over the transport in use.
func (s *Session) handle(p engineio.Packet, receive func(context.Context, transport.Message)) {
	switch p.Type {
	case engineio.TypeMessage:
		receive(s.ctx, transport.Message{Data: p.Data, Binary: p.Binary})
	case engineio.TypePing:
		s.pong(p.Data)
	}
	// Other types mean nothing here and are ignored, as
	// engine.io-client/lib/socket.ts does.
}
