package server

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/isosocket/isosocket/socketio/event"
)

// Shutdown ends the server in order: it refuses new clients with 503, disconnects
// the sockets with the reason "server shutting down", sends what was accepted for
// their clients and for other servers, closes the connections, and waits until every handler
// has returned and every goroutine has ended. Clients see their transport closed, so they reconnect, to
// another server.
//
// When ctx is done first, what is left is closed at once and the cause of ctx is
// returned; handlers may still be running then, among them the one that calls
// Shutdown. Any other error is that of an adapter.
//
// The HTTP server is not stopped: close it afterwards. It does not wait for
// WebSockets, see [http.Server.Shutdown].
func (s *Server) Shutdown(ctx context.Context) error {
	s.stop()
	err := s.closeEngine(ctx, func() error { return s.engine.Shutdown(ctx) })
	if err == nil {
		err = s.Wait(ctx)
	}
	return errors.Join(append(s.closeAdapters(ctx), err)...)
}

// Close ends the server at once: it refuses new clients with 503, disconnects the
// sockets with the reason "server shutting down", and closes their connections; what
// was not sent is lost. It returns when the connections are gone. It does not wait for
// handlers, whose contexts are canceled, so a handler may call it; [Server.Wait] does.
// The error is that of an adapter, except that it was not given any time.
func (s *Server) Close() error {
	s.hurry()
	s.stop()
	s.closeEngine(s.now, func() error { s.engine.Close(); return nil })
	errs := slices.DeleteFunc(s.closeAdapters(s.now), func(err error) bool { return errors.Is(err, context.Canceled) })
	return errors.Join(errs...)
}

// closePatience is how long a connection may take to go once its time is over. It goes at once
// unless a function of a Trace is at work for it, which may be the one that closes the server.
const closePatience = 5 * time.Second

// closeEngine calls end, and waits for it until ctx is done and a while longer.
func (s *Server) closeEngine(ctx context.Context, end func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- end() }() // ends when no function of a Trace is at work any more
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(closePatience):
		return context.Cause(ctx)
	}
}

// Wait waits until the handlers that Close has left running have returned. It returns
// the cause of ctx when that is done first. A handler that calls it waits for itself.
func (s *Server) Wait(ctx context.Context) error {
	s.mu.Lock()
	if s.running == 0 {
		s.mu.Unlock()
		return nil
	}
	if s.idle == nil {
		s.idle = make(chan struct{})
	}
	idle := s.idle
	s.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// begin counts a new socket, or an event from another server, until done is called for
// it. It fails once the server is closed.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.running++
	return true
}

func (s *Server) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	if s.running == 0 && s.idle != nil {
		close(s.idle)
		s.idle = nil
	}
}

// stop makes the server take no more sockets, and disconnects those it has.
func (s *Server) stop() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel(&event.DisconnectError{Reason: event.ServerShuttingDown})
	for _, n := range s.all() {
		sockets, _ := n.rooms.Select(nil, nil) // also those whose middleware is at work
		for _, socket := range sockets {
			socket.close(event.ServerShuttingDown, nil)
		}
	}
}

// stopLate closes a socket that came while stop was at work and may not have seen it.
func (s *Server) stopLate(socket *Socket) {
	s.mu.RLock()
	closed := s.closed
	s.mu.RUnlock()
	if closed {
		socket.close(event.ServerShuttingDown, nil)
	}
}

// closeAdapters closes each adapter once, and returns their errors whenever it is
// called. They may take until ctx is done, or Close is called.
func (s *Server) closeAdapters(ctx context.Context) []error {
	s.adaptersClosed.Do(func() {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(s.now, cancel)()
		all := s.all()
		errs := make([]error, len(all))
		var closing sync.WaitGroup
		for i, n := range all {
			closing.Go(func() { errs[i] = n.detach(ctx) })
		}
		closing.Wait()
		s.adapterErrors = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	})
	return slices.Clone(s.adapterErrors)
}
