package server

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/isosocket/isosocket/socketio/event"
)

// Shutdown ends the server in order: it refuses new clients with 503, disconnects
// the sockets with the reason "server shutting down", sends what was accepted for
// their clients, closes the connections, and waits until every handler has returned and every
// goroutine has ended. Clients see their transport closed, so they reconnect, to
// another server.
//
// When ctx is over first, the connections left are closed at once and the cause of
// ctx is returned; handlers may still be running then. Any other error is that of
// an adapter.
//
// The HTTP server is not stopped: close it afterwards. It does not wait for
// WebSockets, see [http.Server.Shutdown].
func (s *Server) Shutdown(ctx context.Context) error {
	s.refuse()
	err := s.engine.Shutdown(ctx)
	if err == nil {
		err = s.wait(ctx)
	}
	if err == nil {
		err = s.closeAdapters()
	}
	return err
}

// Close is Shutdown without patience: connections are closed at once, and what was
// not sent is lost. It waits until every handler has returned, whose context is
// over. The error is that of an adapter.
func (s *Server) Close() error {
	s.refuse()
	s.engine.Close()
	s.running.Wait()
	return s.closeAdapters()
}

// begin counts a new socket until it has finished. It fails once the server is closed.
func (s *Server) begin(socket *Socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		socket.namespace.adapter.Remove(socket.id)
		return false
	}
	s.running.Add(1)
	return true
}

// refuse makes the server take no more sockets, and disconnects those it has.
func (s *Server) refuse() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	for _, n := range s.all() {
		for _, socket := range n.Sockets() {
			socket.close(event.ServerShuttingDown, nil)
		}
	}
}

func (s *Server) wait(ctx context.Context) error {
	done := make(chan struct{})
	go func() { // ends with the last handler
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// all returns the namespaces.
func (s *Server) all() []*Namespace {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Collect(maps.Values(s.namespaces))
}

// closeAdapters closes each adapter once, and returns their errors whenever it is called.
func (s *Server) closeAdapters() error {
	s.adaptersClosed.Do(func() {
		var errs []error
		for _, n := range s.all() {
			errs = append(errs, n.adapter.Close())
		}
		s.adaptersError = errors.Join(errs...)
	})
	return s.adaptersError
}
