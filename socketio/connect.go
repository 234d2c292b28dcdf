package socketio

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
	engineclient "github.com/isosocket/isosocket/transport/engineio/client"
)

// outcome is where callers of Connect wait.
type outcome struct {
	done chan struct{} // closed when err is set
	err  error
}

func newOutcome() *outcome { return &outcome{done: make(chan struct{})} }

// settle ends the waiting. Only the first call counts.
func (o *outcome) settle(err error) {
	if !o.settled() {
		o.err = err
		close(o.done)
	}
}

func (o *outcome) settled() bool {
	select {
	case <-o.done:
		return true
	default:
		return false
	}
}

// Connect connects the socket and waits until it is connected, until it is clear
// that it will not be, or until ctx is over, which bounds the waiting only.
// Failed attempts are repeated meanwhile as the options say, and reported to
// OnConnectError. A connection that is lost later is restored without another
// Connect.
//
// The error names the cause: a [*ConnectError] if the server refused the
// namespace; a [*StatusError], an [*AnswerError], [ErrVersion] or whatever else
// the last attempt met, which is part of the error also when ctx is over;
// [ErrClosed]. When it is not nil the socket is not connecting any more, unless
// it was before the call.
//
// On a socket that is connected Connect returns at once. In a browser it must
// not be called from a js.Func callback, as nothing that waits may.
func (s *Socket) Connect(ctx context.Context) error {
	m := s.manager
	m.mu.Lock()
	if !m.admit(s) {
		m.mu.Unlock()
		return ErrClosed
	}
	started := !s.active
	if started {
		s.activate()
	}
	o := s.outcome
	m.mu.Unlock()

	select {
	case <-o.done:
	case <-ctx.Done():
		m.mu.Lock()
		defer m.mu.Unlock()
		if !o.settled() {
			err := s.interrupted(ctx)
			if started && s.outcome == o {
				s.leave(err)
			}
			return err
		}
	}
	if o.err != nil {
		return connectFailed(s.namespace, o.err)
	}
	return nil
}

// interrupted returns the error of a Connect whose ctx is over.
func (s *Socket) interrupted(ctx context.Context) error {
	state := s.lastErr
	if s.conn != nil && s.conn.asked {
		state = errNoConnectAnswer
	}
	if state == nil {
		return connectFailed(s.namespace, context.Cause(ctx))
	}
	return connectFailed(s.namespace, fmt.Errorf("%w: %w", context.Cause(ctx), state))
}

// Disconnect leaves the namespace. Packets emitted before are sent; events not
// handled yet are not delivered any more. The connection is closed when no other
// socket of the manager uses it. Connect may be called again.
//
// It does not wait, and may be called in a handler.
func (s *Socket) Disconnect() {
	s.manager.mu.Lock()
	defer s.manager.mu.Unlock()
	if s.active {
		s.leave(&DisconnectError{Reason: ClientDisconnect})
	}
}

// Close disconnects the socket and waits until its handlers have returned. That
// of a socket made by New or Dial also closes its manager, see [Manager.Close].
// It must not be called in a handler, which it would wait for;
// [Socket.Disconnect] may. The error is always nil.
func (s *Socket) Close() error {
	if s.owner {
		return s.manager.Close()
	}
	s.Disconnect()
	_ = s.inbox.Wait(context.Background()) // which is never done
	s.manager.forget(s)
	return nil
}

// The following are called with manager.mu held.

// activate begins to connect.
func (s *Socket) activate() {
	m := s.manager
	s.active, s.outcome, s.lastErr = true, newOutcome(), nil
	m.active++
	if m.session != nil && s.conn == nil { // else CONNECT is under way, for an earlier Connect
		s.join(m.session)
	}
	m.start()
}

// deactivate ends the connecting, or what came of it.
func (s *Socket) deactivate(err error) {
	s.active = false
	s.outcome.settle(err)
	if s.manager.active--; s.manager.active == 0 {
		s.manager.release()
	}
}

// leave is what Disconnect does.
func (s *Socket) leave(err error) {
	switch conn := s.conn; {
	case conn == nil:
	case conn.sid != "":
		p := s.control(parser.Disconnect)
		_ = conn.session.Send(p.messages, engineclient.Control) // an error: the server will notice, too
		s.leftOn = conn.session
		conn.left.Store(true)
		s.end(ClientDisconnect, nil)
	case !conn.asked:
		s.drop(err)
	default:
		// The answer to CONNECT is still to come: connected sends DISCONNECT
		// then. Before that the server would take it for a violation.
	}
	s.deactivate(err)
}

// join asks for the namespace on a session that is open.
func (s *Socket) join(session *engineclient.Session) {
	conn := &connection{session: session}
	conn.ctx, conn.cancel = context.WithCancelCause(context.Background())
	s.conn = conn
	// Events come before the answer only to a session that the server recovers. On an
	// Engine.IO session where the namespace was left, others may be under way.
	ids := s.recovery.members()
	conn.recovering = ids != nil && s.leftOn != session
	if s.auth == nil {
		s.ask(conn, s.control(parser.Connect, ids...))
		return
	}
	s.manager.asking.Go(func() { s.authenticate(conn, ids) }) // Manager.serve waits for it
}

// ask sends CONNECT.
func (s *Socket) ask(conn *connection, p packet) {
	conn.asked = true
	_ = conn.session.Send(p.messages, engineclient.Control) // an error: the session has ended and Manager.serve knows
}

// drop forgets a connection that was not confirmed.
func (s *Socket) drop(err error) {
	s.conn.cancel(err)
	s.conn = nil
}

// end tells everybody that the connection, which was confirmed, is over.
func (s *Socket) end(reason Reason, err error) {
	lost := &DisconnectError{Reason: reason, Err: err}
	s.drop(lost)
	s.acks.Fail(lost, s.buffer.has)
	s.later("disconnect", &s.onDisconnect, reason, err)
}

// failed reports an attempt that failed.
func (s *Socket) failed(err error) {
	s.lastErr = err
	s.later("connect_error", &s.onConnectError, "", err)
}

// refused ends the connecting for good.
func (s *Socket) refused(err error) {
	if s.conn != nil {
		s.drop(err)
	}
	if s.active {
		s.deactivate(err)
		s.failed(err)
	}
}

// lost is called when the session of the connection has ended.
func (s *Socket) lost(reason Reason, err error) {
	switch {
	case s.conn.sid != "":
		s.end(reason, err)
		s.outcome = newOutcome()
	case s.active:
		failure := &DisconnectError{Reason: reason, Err: err}
		s.drop(failure)
		s.failed(failure)
	default:
		s.drop(errNotConnected)
	}
}

// authenticate asks the user for the payload of CONNECT and sends it.
func (s *Socket) authenticate(conn *connection, ids []parser.Member) {
	m := s.manager
	for retry := m.opts.backoff(); ; {
		group, err := s.encodeConnect(conn.ctx, ids)

		m.mu.Lock()
		if s.conn != conn {
			m.mu.Unlock()
			return
		}
		_, refused := errors.AsType[*ConnectError](err)
		switch {
		case err == nil:
			s.ask(conn, packetOf(group))
			m.mu.Unlock()
			return
		case m.opts.NoReconnect || refused:
			s.refused(err)
			m.mu.Unlock()
			return
		}
		s.failed(err)
		m.mu.Unlock()

		select {
		case <-time.After(retry.next(rand.Float64())):
		case <-conn.ctx.Done():
			return
		}
	}
}

// encodeConnect encodes CONNECT with what Auth returns, behind the ids.
func (s *Socket) encodeConnect(ctx context.Context, ids []parser.Member) (group []transport.Message, err error) {
	err = endpoint.Protect("auth", func() error {
		payload, err := s.auth(ctx)
		if err != nil {
			return err
		}
		group, err = s.manager.format.EncodeControl(parser.Connect, s.namespace, payload, ids...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("socketio: auth: %w", err)
	}
	return group, nil
}
