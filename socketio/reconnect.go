package socketio

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/isosocket/isosocket/transport/engineio"
	engineclient "github.com/isosocket/isosocket/transport/engineio/client"
)

// start makes sure that keep runs. The caller holds mu.
func (m *Manager) start() {
	if m.keeping {
		return
	}
	m.keeping = true
	previous, stopped := m.stopped, make(chan struct{})
	m.stopped = stopped
	go func() { // ends when no socket is active; Close and Wait wait for it
		defer close(stopped)
		if previous != nil {
			<-previous
		}
		m.keep()
	}()
}

// release lets go of the connection, or of the attempt to open one. The caller
// holds mu, and no socket is active.
func (m *Manager) release() {
	for _, s := range m.sockets {
		if s.conn != nil {
			s.drop(errNotConnected)
		}
	}
	if m.session != nil {
		m.session.Close()
		m.session = nil
	}
	if m.cancel != nil {
		m.cancel()
	}
}

// begin returns the context of an attempt, or nil when no socket is active; keep ends
// then.
func (m *Manager) begin() context.Context {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.active == 0 {
		m.keeping, m.cancel = false, nil
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.cancel = cancel
	return ctx
}

// keep opens the connection, reads it, and opens it again, while there is an
// active socket. Its goroutine is the only one of an idle connection.
func (m *Manager) keep() {
	stopWatching := m.watch()
	defer stopWatching()
	retry := m.opts.backoff()
	joined := false // by a socket, at some time
	for ctx := m.begin(); ctx != nil; ctx = m.begin() {
		attempt := retry.attempts
		if t := m.tracer.Load(); t != nil {
			t.Connecting(attempt)
		}
		session, err := m.open(ctx)
		if err == nil {
			err = m.serve(ctx, session)
			if session.joined { // a connection alone is no success: what is behind it may be broken
				joined = true
				retry.reset()
			}
		} else if t := m.tracer.Load(); t != nil && ctx.Err() == nil {
			t.ConnectFailed(attempt, err)
		}
		if ctx.Err() != nil {
			continue // what ended was let go of
		}
		limit := m.opts.ReconnectionAttempts
		last := m.opts.NoReconnect || final(err, joined) || limit > 0 && retry.attempts >= limit
		m.failed(err, session == nil, last)
		if last {
			if t := m.tracer.Load(); t != nil {
				t.GaveUp(err)
			}
			continue
		}
		delay := retry.next(rand.Float64()) + retryAfter(err)
		if t := m.tracer.Load(); t != nil {
			t.ReconnectScheduled(retry.attempts, delay)
		}
		m.pause(ctx, delay)
	}
}

// open makes one attempt.
func (m *Manager) open(ctx context.Context) (*session, error) {
	attempt, cancel := ctx, context.CancelFunc(func() {})
	timeout := m.opts.Timeout
	if timeout > 0 {
		attempt, cancel = context.WithTimeout(ctx, timeout)
	}
	defer cancel()
	c := &session{manager: m, id: m.opened + 1, decoder: m.opts.Format.NewDecoder(m.opts.limits())}
	m.engine.OnPing, m.engine.OnUpgraded, m.engine.OnStay = c.pinged, c.upgraded, c.upgradeFailed
	var err error
	if c.Session, err = engineclient.Open(attempt, m.engine); err != nil {
		if attempt.Err() != nil && ctx.Err() == nil {
			err = fmt.Errorf("socketio: no connection within %v: %w", timeout, err)
		}
		return nil, err
	}
	m.opened++
	return c, nil
}

// serve reads the session to its end, which it returns as an error.
func (m *Manager) serve(ctx context.Context, session *session) error {
	if t := m.tracer.Load(); t != nil {
		t.SessionOpened(Session{session})
	}
	select {
	case <-m.wake: // it came while there was no connection
	default:
	}
	m.mu.Lock()
	m.serving = session
	if ctx.Err() != nil {
		session.Close()
	} else {
		m.session = session
		for _, s := range m.sockets {
			if s.active {
				s.join(session)
			}
		}
	}
	m.unlock()

	cause, err := session.Serve(session.receive)
	if session.unanswered(cause, err) {
		err = fmt.Errorf("%w: %w", errUnanswered, err)
	}
	reason := Reason(cause)
	if cause == engineio.ForcedClose {
		reason = ClientDisconnect
	}
	unsent := session.unsent()

	m.mu.Lock()
	m.session, m.serving = nil, nil
	m.putBack(unsent)
	for _, s := range m.sockets {
		if s.conn != nil { // of this session: there is none beside it
			s.lost(reason, err)
		}
	}
	m.drained()
	m.unlock()
	if t := m.tracer.Load(); t != nil {
		t.SessionClosed(Session{session}, reason, err)
	}
	return &DisconnectError{Reason: reason, Err: err}
}

// failed tells the sockets how an attempt, or the connection that came of it,
// ended, and whether it was the last one. That a connection was lost, serve has
// reported.
func (m *Manager) failed(err error, report, final bool) {
	m.mu.Lock()
	defer m.unlock()
	for _, s := range m.sockets {
		if !s.active {
			continue
		}
		if final {
			s.deactivate(err)
		}
		if report {
			s.failed(err)
		}
	}
}

// pause waits before the next attempt. A signal of the platform may end it early.
func (m *Manager) pause(ctx context.Context, delay time.Duration) {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-m.wake:
		case <-ctx.Done():
			return
		}
		m.mu.Lock()
		suspended := m.suspended
		m.mu.Unlock()
		if !suspended {
			return
		}
	}
}
