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
)

// outcome is where callers of Connect wait.
type outcome struct {
	done chan struct{} // closed when err is set
	err  error

	// The following are guarded by manager.mu.

	waiting int  // callers
	brief   bool // the connecting ends with the last of them; false once it has succeeded
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
// that it will not be, or until ctx is done. Failed attempts are repeated meanwhile as
// the options say, and reported to OnConnectError. A connection that is lost later is
// restored without another Connect.
//
// Of several calls each waits for as long as its own ctx allows, and the connecting goes
// on while one waits. It ends with the last of them, unless the socket was connected
// before and is being reconnected.
//
// What ends it sooner is an answer of the server itself: it refuses the namespace, or
// before the first success the client (Engine.IO code 4) or its protocol revision. A
// proxy, a page or a network that is not there may be others the next time.
//
// The error names the cause: a [*ConnectError] if the server refused the
// namespace; a [*StatusError], an [*AnswerError], [ErrVersion] or whatever else
// the last attempt met, which is part of the error also when ctx is done;
// [ErrClosed].
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
	if !s.active {
		s.activate()
	}
	o := s.outcome
	o.waiting++
	m.unlock()

	select {
	case <-o.done:
	case <-ctx.Done():
		m.mu.Lock()
		defer m.unlock()
		if !o.settled() {
			err := s.interrupted(ctx)
			if o.waiting--; o.waiting == 0 && o.brief {
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

// interrupted returns the error of a Connect whose ctx is done.
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

// OnConnect calls fn each time the socket is connected, before any event of that
// connection is handled. What was emitted meanwhile has been sent by then.
func (s *Socket) OnConnect(fn func()) (off func()) {
	endpoint.RefuseNil(fn == nil, "Socket.OnConnect")
	return s.onConnect.add(func(Reason, error) { fn() })
}

// OnConnectError calls fn for every attempt to connect that failed. The error is
// a [*ConnectError] if the server refused the namespace. [Socket.Active] tells
// whether there will be another attempt.
func (s *Socket) OnConnectError(fn func(err error)) (off func()) {
	endpoint.RefuseNil(fn == nil, "Socket.OnConnectError")
	return s.onConnectError.add(func(_ Reason, err error) { fn(err) })
}

// The following are called with manager.mu held.

// activate begins to connect.
func (s *Socket) activate() {
	m := s.manager
	s.active, s.outcome, s.lastErr = true, newOutcome(), nil
	s.outcome.brief = true
	m.active++
	if m.session != nil && s.conn == nil { // else CONNECT is under way, for an earlier Connect
		s.join(m.session)
	}
	m.start()
}

// join asks for the namespace on a session that is open.
func (s *Socket) join(session *session) {
	conn := &connection{socket: s, session: session}
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
	s.manager.asking++
	go s.authenticate(conn, ids) // ends with the connection; Manager.Wait waits for it
}

// ask sends CONNECT.
func (s *Socket) ask(conn *connection, group []transport.Message) {
	conn.asked = true
	conn.control(packet{messages: group})
}

// failed reports an attempt that failed. One that was the last is heard by the callers of
// Connect.
func (s *Socket) failed(err error) {
	s.lastErr = err
	s.later("connect_error", &s.onConnectError, "", err)
	if s.manager.prints {
		s.unheard(err)
	}
}

// unheard reports the error of an attempt of which no function of the user hears, as the
// callers of Connect do if it was the last.
func (s *Socket) unheard(err error) {
	if s.active && !s.manager.opts.NoReconnect || s.outcome.waiting == 0 {
		s.inbox.Call(func() {
			if len(s.onConnectError.all()) == 0 {
				s.manager.opts.reportError(err)
			}
		})
	}
}

// refused ends the connecting for good, or the connection if the server takes back that it
// has confirmed the namespace.
func (s *Socket) refused(err error) {
	if s.connected() {
		s.end(ServerDisconnect, err)
		s.deactivate(err)
		return
	}
	if s.conn != nil {
		s.drop(err)
	}
	if s.active {
		s.deactivate(err)
		s.failed(err)
	}
}

// authenticate asks the user for the payload of CONNECT and sends it.
func (s *Socket) authenticate(conn *connection, ids []parser.Member) {
	m := s.manager
	defer s.authEnded(conn)
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
			s.ask(conn, group)
			m.unlock()
			return
		case m.opts.NoReconnect || refused:
			s.authFailed(err, true)
			m.unlock()
			return
		}
		s.authFailed(err, false)
		m.unlock()

		select {
		case <-time.After(retry.next(rand.Float64())):
		case <-conn.ctx.Done():
			return
		}
	}
}

// authFailed reports that Auth has not answered, and whether it will be asked again. It is
// called with manager.mu held.
func (s *Socket) authFailed(err error, last bool) {
	if last {
		s.refused(err)
	} else {
		s.failed(err)
	}
	if !s.manager.prints {
		s.unheard(err)
	}
}

// authEnded is called when authenticate has ended. If nothing came of it Auth has called
// runtime.Goexit, and would again.
func (s *Socket) authEnded(conn *connection) {
	m := s.manager
	m.mu.Lock()
	defer m.unlock()
	if s.conn == conn && !conn.asked {
		s.authFailed(fmt.Errorf("socketio: auth: %w", endpoint.ErrExited), true)
	}
	if m.asking--; m.asking == 0 && m.answered != nil {
		close(m.answered)
		m.answered = nil
	}
}

// encodeConnect encodes CONNECT with what Auth returns, behind the ids.
func (s *Socket) encodeConnect(ctx context.Context, ids []parser.Member) (group []transport.Message, err error) {
	err = endpoint.Protect("auth", func() error {
		payload, err := s.auth(ctx)
		if err != nil {
			return err
		}
		group, err = s.manager.opts.Format.EncodeControl(parser.Connect, s.namespace, payload, ids...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("socketio: auth: %w", err)
	}
	return group, nil
}
