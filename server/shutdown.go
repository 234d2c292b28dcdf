package server

import (
	"context"

	"github.com/isosocket/isosocket/socketio/event"
)

// Shutdown ends the server in order: it refuses new clients with 503, disconnects
// the sockets with the reason "server shutting down", sends what was accepted for
// their clients, closes the connections, and waits until every handler has returned and every
// goroutine has ended. Clients see their transport closed, so they reconnect, to
// another server.
//
// When ctx is over first, the connections left are closed at once and the cause of
// ctx is returned; handlers may still be running then.
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
		s.closeAdapters()
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
	namespaces := make([]*Namespace, 0, len(s.namespaces))
	for _, n := range s.namespaces {
		namespaces = append(namespaces, n)
	}
	s.mu.Unlock()
	for _, n := range namespaces {
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

func (s *Server) closeAdapters() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var first error
	for _, n := range s.namespaces {
		if err := n.adapter.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
