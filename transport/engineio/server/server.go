//go:build !js

package engineserver

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/engineio/internal/session"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

// ErrShutdown is the cause of a session's end by Shutdown or Close, and of the
// rejection of a request that comes later.
var ErrShutdown = errors.New("engineio: server closed")

// Server holds the sessions and serves the requests that belong to them, whatever
// their path. Its methods may be called concurrently.
type Server struct {
	options Options
	config  session.Config
	accept  func(w http.ResponseWriter, r *http.Request) (transport.Conn, error)

	mu       sync.RWMutex
	sessions map[string]*Session // by sid; guarded by mu
	opening  int                 // handshakes that have a place among them; guarded by mu
	closed   bool                // no session is opened any more; guarded by mu

	shortage  shortage
	farewells farewells
	hosts     hosts

	running   sync.WaitGroup // open sessions, their goroutines, and requests that become WebSockets
	lingering transportnative.Lingering
}

// New returns a Server without sessions.
func New(options Options) *Server {
	options.withDefaults()
	s := &Server{options: options, sessions: make(map[string]*Session)}
	s.config = session.Config{
		Revision:     options.Revision,
		Server:       true,
		SendBuffer:   options.SendBuffer,
		CloseTimeout: options.CloseTimeout,
	}
	if options.SendBuffers > 0 {
		s.config.Budget = session.NewBudget(options.SendBuffers, s.relieve)
	}
	s.accept = func(w http.ResponseWriter, r *http.Request) (transport.Conn, error) {
		return transportnative.Accept(w, r, transportnative.AcceptOptions{
			MaxMessage:   options.MaxPayload,
			Origins:      options.Origins,
			AnyOrigin:    options.AllowOrigin != nil && options.AllowOrigin(r),
			StallTimeout: options.StallTimeout,
			Lingering:    &s.lingering,
		})
	}
	return s
}

// has reports whether clients may use the transport.
func (s *Server) has(name engineio.Transport) bool {
	return slices.Contains(s.options.Transports, name)
}

// upgrades reports whether sessions on polling may move to a WebSocket.
func (s *Server) upgrades() bool { return s.has(engineio.WebSocket) && !s.options.NoUpgrade }

// Sessions returns how many sessions are open.
func (s *Server) Sessions() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.sessions)
}

func (s *Server) session(sid string) *Session {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.sessions[sid]
}

// begin counts a request as running that may open a session or become a WebSocket. A
// handshake gets a place, which open or giveUp takes back. It fails once the server
// is closed, and for a handshake when the server is full.
func (s *Server) begin(handshake bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrShutdown
	case handshake && s.options.MaxSessions > 0 && len(s.sessions)+s.opening >= s.options.MaxSessions:
		return errFull
	case handshake:
		s.opening++
	}
	s.running.Add(1)
	return nil
}

// giveUp gives back the place of a handshake that came to nothing.
func (s *Server) giveUp(place bool) {
	if !place {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opening--
}

// register makes the session known, in the place of its handshake, and counts it as
// running, and its reader if it has one. It fails once the server is closed.
func (s *Server) register(opened *Session, reader bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.opening--
	s.sessions[opened.core.ID] = opened
	s.running.Add(1)
	if reader {
		s.running.Add(1)
	}
	return true
}

// unregister forgets the session and reports whether it was known.
func (s *Server) unregister(closed *Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.sessions[closed.core.ID]
	delete(s.sessions, closed.core.ID)
	return known
}

// all returns the sessions that are open.
func (s *Server) all() []*Session {
	s.mu.RLock()
	defer s.mu.RUnlock()
	open := make([]*Session, 0, len(s.sessions))
	for _, one := range s.sessions {
		open = append(open, one)
	}
	return open
}

// refuse makes the server take no more sessions and returns those that are open.
func (s *Server) refuse() []*Session {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	return s.all()
}

// Shutdown refuses new sessions, closes the open ones once their peers have taken
// what was accepted for them, and waits until every goroutine has ended. When ctx
// is done first, the sessions left are closed at once and the cause of ctx is returned.
func (s *Server) Shutdown(ctx context.Context) error {
	for _, one := range s.refuse() {
		one.Close()
	}
	err := s.wait(ctx)
	if err != nil {
		s.Close()
	}
	return err
}

// Close ends all sessions at once, refuses new ones, and waits until every
// goroutine of theirs has ended: Receive and Closed must return for that. A POST may
// still be served then, which net/http waits for.
func (s *Server) Close() {
	for _, one := range s.refuse() {
		one.Abort(engineio.ForcedClose, ErrShutdown)
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
