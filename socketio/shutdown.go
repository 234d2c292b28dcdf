package socketio

import (
	"context"
	"slices"
	"time"

	"github.com/isosocket/isosocket/transport/engineio"
)

// closeTimeout bounds Close. It is how long the engine lets what was accepted leave.
const closeTimeout = 5 * time.Second

// Close disconnects all sockets, for good, and closes the connection, which takes at
// most 5 seconds. Packets emitted before are sent, unless the socket is not connected.
// Requests that wait end with a [*DisconnectError].
//
// It does not wait for handlers, whose contexts are canceled, so a handler may call
// it; the functions of OnDisconnect may be called after it has returned.
// [Manager.Wait] waits for them. The error is always nil.
func (m *Manager) Close() error {
	if stopped := m.close(); stopped != nil {
		select {
		case <-stopped:
		case <-time.After(closeTimeout):
		}
	}
	return nil
}

// Wait waits until what Close has left running has returned: handlers, the functions
// of OnConnect, OnConnectError and OnDisconnect, and Auth. It returns the cause of ctx
// when that is done first. A handler that calls it waits for itself.
//
// Of a manager that is not closed it waits for the end of the connection too.
func (m *Manager) Wait(ctx context.Context) error {
	m.mu.Lock()
	stopped, answered := m.stopped, m.awaitAuth()
	m.mu.Unlock()
	if err := await(ctx, stopped); err != nil {
		return err
	}
	if err := await(ctx, answered); err != nil {
		return err
	}
	m.mu.Lock()
	sockets := m.sockets
	m.mu.Unlock()
	for _, s := range sockets {
		if err := s.inbox.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Shutdown is Close and Wait: it returns when the connection is closed and nothing
// runs any more. When ctx is done first, what is left of the connection is closed at
// once and the cause of ctx is returned; handlers may still be running then, among
// them the one that calls Shutdown.
func (m *Manager) Shutdown(ctx context.Context) error {
	m.close()
	err := m.Wait(ctx)
	if err != nil {
		m.mu.Lock()
		session := m.serving
		m.mu.Unlock()
		if session != nil {
			session.Abort(engineio.ForcedClose, nil)
		}
	}
	return err
}

// Close disconnects the socket, ends its requests, and makes its manager forget it.
// That of a socket made by New or Dial closes its manager, see [Manager.Close]. It does
// not wait for handlers, so one may call it; [Socket.Wait] does. The error is always
// nil.
func (s *Socket) Close() error {
	if s.owner {
		return s.manager.Close()
	}
	m := s.manager
	m.mu.Lock()
	defer m.unlock()
	if s.active {
		s.leave(&DisconnectError{Reason: ClientDisconnect})
	}
	m.forget(s)
	return nil
}

// Wait waits until the handlers that Close or Disconnect has left running have
// returned, and the functions of OnDisconnect. It returns the cause of ctx when that is
// done first. A handler that calls it waits for itself. That of a socket made by New or
// Dial is [Manager.Wait].
func (s *Socket) Wait(ctx context.Context) error {
	if s.owner {
		return s.manager.Wait(ctx)
	}
	return s.inbox.Wait(ctx)
}

// Shutdown is Close and Wait. That of a socket made by New or Dial is
// [Manager.Shutdown].
func (s *Socket) Shutdown(ctx context.Context) error {
	if s.owner {
		return s.manager.Shutdown(ctx)
	}
	_ = s.Close() // always nil
	return s.inbox.Wait(ctx)
}

// close disconnects all sockets, and returns what is closed when the connection is, or
// nil if there has never been one.
func (m *Manager) close() (stopped <-chan struct{}) {
	m.mu.Lock()
	defer m.unlock()
	m.closed = true
	ended := &DisconnectError{Reason: ClientDisconnect, Err: ErrClosed}
	for _, s := range m.sockets {
		if s.active {
			s.leave(ended)
		}
		s.acks.Close(ended)
		s.discard(ErrClosed)
	}
	return m.stopped
}

// await waits for the channel to be closed, which nil is as good as.
func await(ctx context.Context, closed <-chan struct{}) error {
	if closed == nil {
		return nil
	}
	select {
	case <-closed:
		return nil
	default:
	}
	select {
	case <-closed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// The following are called with mu held.

// forget drops a socket that was closed, and what it has to send. Wait still waits
// for its handlers.
func (m *Manager) forget(s *Socket) {
	if m.closed || m.named[s.namespace] != s {
		return
	}
	s.discard(ErrClosed)
	s.acks.Fail(&DisconnectError{Reason: ClientDisconnect, Err: ErrClosed}, nil)
	if s.conn != nil {
		return // the answer to CONNECT is still to come, which DISCONNECT has to follow
	}
	delete(m.named, s.namespace)
	s.inbox.Call(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.named[s.namespace] != s { // it may have been used again
			m.sockets = slices.DeleteFunc(slices.Clone(m.sockets), func(other *Socket) bool { return other == s })
		}
	})
}

// discard drops what waits to be sent.
func (s *Socket) discard(err error) {
	for _, p := range s.buffer.take() {
		s.note(nil, p, err)
	}
	s.manager.drained()
}

// awaitAuth returns what is closed when no Auth runs any more, nil if none does.
func (m *Manager) awaitAuth() <-chan struct{} {
	if m.asking > 0 && m.answered == nil {
		m.answered = make(chan struct{})
	}
	return m.answered
}
