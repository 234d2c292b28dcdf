package socketio

import (
	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/parser"
	engineclient "github.com/isosocket/isosocket/transport/engineio/client"
)

// OnDisconnect calls fn each time a connected socket was disconnected, after the
// events received before that. err is what is known beyond the reason, or nil.
func (s *Socket) OnDisconnect(fn func(reason Reason, err error)) (off func()) {
	endpoint.RefuseNil(fn == nil, "Socket.OnDisconnect")
	return s.onDisconnect.add(fn)
}

// Disconnect leaves the namespace. Packets emitted before are sent, and the server has
// dealt with them when it hears of the end, unless that takes it more than 4 seconds; a
// page can only see that they have left. Events not handled yet are not delivered any more. The connection is closed when no other
// socket of the manager uses it. Connect may be called again.
//
// It does not wait, and may be called in a handler.
func (s *Socket) Disconnect() {
	s.manager.mu.Lock()
	defer s.manager.unlock()
	if s.active {
		s.leave(&DisconnectError{Reason: ClientDisconnect})
	}
}

// The following are called with manager.mu held.

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
		// Servers drop what waits for their handlers when DISCONNECT comes, so it leaves
		// when the events before it have been dealt with. If it fails, the server notices too.
		_ = conn.send(packet{messages: s.control(parser.Disconnect)}, engineclient.Parting)
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

// drop forgets a connection that was not confirmed.
func (s *Socket) drop(err error) {
	s.conn.cancel(err)
	s.conn = nil
}

// end tells of the end of a connection that was confirmed.
func (s *Socket) end(reason Reason, err error) {
	lost := &DisconnectError{Reason: reason, Err: err}
	s.drop(lost)
	waiting := s.buffer.ids()
	s.acks.Fail(lost, func(id uint64) bool { return waiting[id] })
	s.later("disconnect", &s.onDisconnect, reason, err)
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
