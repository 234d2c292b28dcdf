package engine

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/queue"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

// ErrShutdown is the cause of a session's end by Shutdown or Close.
var ErrShutdown = errors.New("engine: server closed")

// Config is what a Server needs. There are no defaults here: package server fills them in.
type Config struct {
	// Open is called for a new session before anything is received on it. The
	// request is valid until Open returns.
	Open func(s *Session, r *http.Request) Receiver

	// AllowRequest refuses a handshake with the text of its error. May be nil.
	AllowRequest func(r *http.Request) error

	// Origins are patterns of origins whose pages may open a WebSocket, besides
	// those of the server's own host, see transportnative.AcceptOptions. AllowOrigin
	// allows more; it may be nil.
	Origins     []string
	AllowOrigin func(r *http.Request) bool // tells of one request

	// Cookie returns the cookie that tells a load balancer of the session. May be nil.
	Cookie func(sid string, r *http.Request) *http.Cookie

	Polling, WebSocket, Upgrades bool // what clients may use

	PingInterval   time.Duration // from a pong to the next ping
	PingTimeout    time.Duration // for a pong
	UpgradeTimeout time.Duration // for a client that opened a WebSocket to move to it
	WriteTimeout   time.Duration // of one write to a peer
	BodyTimeout    time.Duration // to receive the body of one request
	CloseTimeout   time.Duration // for a peer to take what was accepted before an orderly close

	MaxPayload  int          // bytes of one request body or one message
	MaxPackets  int          // in one request body
	MaxSessions int          // 0 means no limit
	Outbox      queue.Limits // of what waits to be sent on one session

	Logger *slog.Logger // never nil
}

// Receiver is the user of a session.
type Receiver interface {
	// Receive takes the data of a message packet, which it owns then. It is called
	// by one goroutine at a time and in order. While it waits nothing is read from
	// the peer; long waits belong in Session.Hold.
	Receive(m transport.Message)

	// Expire is called when the time set with Session.SetDeadline has come.
	Expire()

	// Closed is called once, when the session has ended. It must not wait. err says
	// more than the reason, or is nil.
	Closed(reason Reason, err error)
}

// Server holds the sessions and serves the requests that belong to them.
type Server struct {
	config Config
	accept func(w http.ResponseWriter, r *http.Request) (transport.Conn, error)

	mu       sync.RWMutex
	sessions map[string]*Session // by sid; guarded by mu
	closed   bool                // no session is opened any more; guarded by mu

	running   sync.WaitGroup // open sessions, their goroutines, and requests that become WebSockets
	lingering transportnative.Lingering
	slow      atomic.Uint64
}

// NewServer returns a Server without sessions.
func NewServer(config Config) *Server {
	s := &Server{config: config, sessions: make(map[string]*Session)}
	s.accept = func(w http.ResponseWriter, r *http.Request) (transport.Conn, error) {
		allowed := config.AllowOrigin != nil && config.AllowOrigin(r)
		return transportnative.Accept(w, r, transportnative.AcceptOptions{
			MaxMessage:   config.MaxPayload,
			Origins:      config.Origins,
			AnyOrigin:    allowed,
			WriteTimeout: config.WriteTimeout,
			Lingering:    &s.lingering,
		})
	}
	return s
}

// Stats tells how many sessions are open, and how many were closed because their
// peer did not take what was sent.
func (s *Server) Stats() (open int, slow uint64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.sessions), s.slow.Load()
}

func (s *Server) session(sid string) *Session {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.sessions[sid]
}

// admits tells whether a handshake has a chance.
func (s *Server) admits() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return !s.closed && (s.config.MaxSessions <= 0 || len(s.sessions) < s.config.MaxSessions)
}

// begin counts a request that becomes a WebSocket as running. It fails once the server is closed.
func (s *Server) begin() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return false
	}
	s.running.Add(1)
	return true
}

// register makes the session known and counts it as running. It fails when the server takes no more.
func (s *Server) register(session *Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.config.MaxSessions > 0 && len(s.sessions) >= s.config.MaxSessions {
		return false
	}
	s.sessions[session.id] = session
	s.running.Add(1)
	return true
}

func (s *Server) unregister(session *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, session.id)
}

// refuse makes the server take no more sessions and returns those that are open.
func (s *Server) refuse() []*Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	open := make([]*Session, 0, len(s.sessions))
	for _, session := range s.sessions {
		open = append(open, session)
	}
	return open
}

// Shutdown refuses new sessions, closes the open ones once their peers have taken
// what was accepted for them, and waits until every goroutine has ended. When ctx
// is over first, the sessions left are closed at once and the cause of ctx is returned.
func (s *Server) Shutdown(ctx context.Context) error {
	for _, session := range s.refuse() {
		session.Close()
	}
	err := s.wait(ctx)
	if err != nil {
		s.Close()
	}
	return err
}

// Close ends all sessions at once, refuses new ones, and waits until every
// goroutine has ended.
func (s *Server) Close() {
	for _, session := range s.refuse() {
		session.End(ForcedClose, ErrShutdown)
	}
	s.running.Wait()
	s.lingering.Abort()
}

func (s *Server) wait(ctx context.Context) error {
	done := make(chan struct{})
	go func() { // ends with the sessions, which Shutdown ends in any case
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return s.lingering.Wait(ctx)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// NewID returns a name that cannot be guessed: 20 characters, 120 random bits.
func NewID() string {
	var b [15]byte
	rand.Read(b[:]) // never fails, see crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
}
