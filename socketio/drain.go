package socketio

import "context"

// Buffered returns how many bytes are held of what waits to be sent: what the socket has
// buffered, and what all sockets of the manager have handed to the connection.
func (s *Socket) Buffered() int {
	s.manager.mu.Lock()
	defer s.manager.mu.Unlock()
	n := s.buffer.bytes
	if session := s.manager.serving; session != nil {
		n += session.Buffered()
	}
	return n
}

// Drain waits until Buffered is not over most any more. With 0 that means that all was
// handed over: to the system, to the runtime's WebSocket, or in a request that was
// answered. A program that sends much calls it now and then:
//
//	for _, row := range rows {
//		if err := s.Drain(ctx, 1<<20); err != nil {
//			return err
//		}
//		if err := s.Emit("row", row); err != nil {
//			return err
//		}
//	}
//
// While the socket is not connected it waits for the connection. The error is
// [ErrClosed] or the cause of ctx.
func (s *Socket) Drain(ctx context.Context, most int) error {
	for m := s.manager; ; {
		m.mu.Lock()
		closed, session, own := m.closed, m.serving, s.buffer.bytes
		less := m.awaitLess()
		m.mu.Unlock()
		switch {
		case closed:
			return ErrClosed
		case own > most:
		case session == nil, session.AwaitBuffered(ctx, most-own) == nil:
			return nil
		}
		if err := await(ctx, less); err != nil { // for the next session, if that one has ended
			return err
		}
	}
}

// The following are called with manager.mu held.

// awaitLess returns what is closed when a socket has less in its buffer, or a session
// has ended.
func (m *Manager) awaitLess() <-chan struct{} {
	if m.less == nil {
		m.less = make(chan struct{})
	}
	return m.less
}

// drained ends the waiting of awaitLess.
func (m *Manager) drained() {
	if m.less != nil {
		close(m.less)
		m.less = nil
	}
}
