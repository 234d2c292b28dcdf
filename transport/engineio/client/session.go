package engineclient

import (
	"context"
	"sync"
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/engineio/internal/session"
)

// closeTimeout bounds how long Close waits for what is still to be written.
const closeTimeout = 5 * time.Second

// Kind says what may become of messages that cannot leave at once, see Session.Send.
type Kind = session.Kind

const (
	Ordinary = session.Ordinary // wait; refused with ErrFull when the send buffer is full
	Volatile = session.Volatile // dropped with ErrDropped unless everything before has left
	Accepted = session.Accepted // wait, and are never refused, because they were accepted before
	Control  = session.Control  // wait, and are never refused: what a protocol cannot do without, and acknowledgements
	Parting  = session.Parting  // like Control, and leave when the server has dealt with what was sent before
)

// Session is one Engine.IO session, open until Serve returns. Its methods may be
// called concurrently and do not block, save Serve and Hold.
type Session struct {
	core    session.Session
	options *Options
	polling polling
	conn    transport.Conn // that the session began on; nil for polling

	// ctx is done when the session has ended. It is the context of every request and
	// of dialing, which no call of a user lives as long as.
	ctx     context.Context
	cancel  context.CancelCauseFunc
	prober  sync.WaitGroup
	receive func(m transport.Message) // set before anything is received
}

// newSession returns the session that a handshake began.
func newSession(options *Options, h engineio.Handshake, conn transport.Conn) *Session {
	s := &Session{options: options, conn: conn}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.polling = polling{session: s, handshake: h}
	config := &session.Config{
		Revision:     options.Revision,
		SendBuffer:   options.SendBuffer,
		CloseTimeout: closeTimeout,
		OnPing:       options.OnPing,
	}
	if conn != nil {
		s.core.Init(config, h.SID, session.WebSocket(conn))
	} else {
		s.core.Init(config, h.SID, &s.polling)
	}
	s.core.Lock()
	s.core.Start((*user)(s), time.Now(), h.PingInterval, h.PingTimeout)
	s.core.Unlock()
	return s
}

// user is a Session as its core knows its user.
type user Session

func (u *user) Receive(m transport.Message) { u.receive(m) }
func (u *user) Expire()                     {}

// engine.io-client/lib/socket.ts _onPacket
func (u *user) Conclude(_ engineio.Reason, err error) { u.core.Abort(engineio.TransportError, err) }

func (u *user) Closed(_ engineio.Reason, err error) { u.cancel(err) }

// SID returns the session's id, which the server chose.
func (s *Session) SID() string { return s.core.ID }

// Transport returns the transport in use.
func (s *Session) Transport() engineio.Transport { return s.core.Transport() }

// Serve reads until the session ends, and tells why it did. Each message of the
// server is handed over on the calling goroutine, in order; receive owns it. A
// receive that takes long keeps the session from reading, and should call Hold.
//
// When Serve returns nothing of the session runs any more. It must be called
// exactly once, also for a session that was closed before.
func (s *Session) Serve(receive func(m transport.Message)) (engineio.Reason, error) {
	s.receive = receive
	conn := s.conn
	if conn == nil {
		s.polling.probe()
		conn = s.polling.poll()
	}
	if conn != nil {
		s.core.Read(conn)
	}
	<-s.ctx.Done()
	s.prober.Wait()
	s.core.Wait()
	return s.core.Outcome()
}

// Send queues the messages of one packet of the layer above, which nothing gets in
// between. It does not wait, and keeps the slice, which must not be changed any more.
// A message that has a lead goes out as the Engine.IO packet of that type. Text must
// not hold the byte 0x1e, for which polling has no escape, see [engineio.AppendPayload].
//
// The error is [ErrFull], [ErrDropped] for a volatile packet, [ErrClosed] or
// [ErrExpired]. Nothing is sent then.
func (s *Session) Send(messages []transport.Message, kind Kind) error {
	return s.core.Send(messages, kind)
}

// Buffered returns how many bytes are held of what waits to be sent.
func (s *Session) Buffered() int { return s.core.Buffered() }

// AwaitBuffered returns nil when Buffered is not over most any more, ErrClosed when the
// session has ended before, and the cause of ctx when that is done first.
func (s *Session) AwaitBuffered(ctx context.Context, most int) error {
	return s.core.AwaitBuffered(ctx, most)
}

// Unsent returns, once Serve has returned, the packets sent as Ordinary or Accepted of
// which nothing has left the program: to the system, to the runtime's WebSocket, or in a
// request. They are in order, and returned once.
func (s *Session) Unsent() (packets [][]transport.Message) { return s.core.Unsent() }

// Hold calls wait, which may take long. Nothing is read from the server meanwhile,
// so it is not blamed for a ping that may be there.
func (s *Session) Hold(wait func()) { s.core.Hold(wait) }

// Check ends the session if its heartbeat is overdue. Timers may be late in a
// program that was frozen or throttled, the clock is not.
func (s *Session) Check() { s.core.Check() }

// Context returns a context that is canceled when the session has ended.
func (s *Session) Context() context.Context { return s.ctx }

// Close ends the session once what was sent is written, or the server has taken nothing
// of it for 5 seconds. It does not wait for that: Serve returns then.
func (s *Session) Close() { s.core.Close() }

// Abort ends the session at once, without writing what waits. err may be nil.
func (s *Session) Abort(reason engineio.Reason, err error) { s.core.Abort(reason, err) }
