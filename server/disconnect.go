package server

import (
	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
	engineserver "github.com/isosocket/isosocket/transport/engineio/server"
)

// OnDisconnecting adds a function that is called when the socket is disconnected,
// before those of OnDisconnect, with the reason. Like them it runs behind the handlers of the events
// that came before. [Socket.Rooms] still tells the rooms, and [Socket.To] reaches the others there.
func (s *Socket) OnDisconnecting(fn func(reason event.Reason)) {
	endpoint.RefuseNil(fn == nil, "Socket.OnDisconnecting")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onLeaving = append(s.onLeaving, fn)
}

// OnDisconnect adds a function that is called once, when the socket is disconnected.
// It is the last that the socket does. One that a middleware adds is called when that
// socket ends, also if it was refused or the client has gone before it was connected. One that is added
// after the end is not called: see [Socket.Context].
func (s *Socket) OnDisconnect(fn func(reason event.Reason)) {
	endpoint.RefuseNil(fn == nil, "Socket.OnDisconnect")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onDisconnect = append(s.onDisconnect, fn)
}

// Disconnect makes the client leave the namespace; it does not come back by
// itself. With closeConnection it leaves all its namespaces and its connection is
// closed, after it has received what was sent before. Disconnect returns at once.
func (s *Socket) Disconnect(closeConnection bool) {
	if closeConnection {
		s.conn.disconnect()
	} else {
		s.leave()
	}
}

// leave tells the client and closes the socket. A client that waits for the answer to its CONNECT gets
// one.
func (s *Socket) leave() {
	var refusal []transport.Message
	if s.state.Load() <= pending {
		refusal = s.conn.connectError(s.namespace.name, ConnectError{Message: "Disconnected"})
	}
	s.end(event.ServerNamespaceDisconnect, nil, refusal, s.namespace.control(parser.Disconnect, nil))
}

// close ends the socket without a word to the client.
func (s *Socket) close(reason event.Reason, err error) { s.end(reason, err, nil, nil) }

// end ends the socket. The first reason counts. The client is told refusal if it waits for
// the answer to its CONNECT, and farewell if the socket is connected, in one step with the end: so it
// is not told of another socket that comes meanwhile. end returns the state that it has ended.
//
// It waits for nothing: the functions of OnDisconnect run in the inbox, behind the
// events that came before.
func (s *Socket) end(reason event.Reason, err error, refusal, farewell []transport.Message) (was state) {
	cause := &event.DisconnectError{Reason: reason, Err: err}
	trace := s.namespace.server.trace.Load()
	s.mu.Lock()
	if s.cause != nil {
		s.mu.Unlock()
		return disconnected
	}
	was = s.state.Swap(disconnected)
	s.cause = cause
	last := farewell
	if was <= pending {
		last = refusal
	}
	told := last != nil && s.session.Send(last, engineserver.Control) == nil
	changes := s.leaveAll(trace)
	cancel := s.cancel
	s.mu.Unlock()

	if told {
		trace.packetSent(s.conn, last)
	}
	trace.roomsLeft(s, changes)
	if cancel != nil {
		cancel(cause)
	}
	s.acks.Close(cause)
	if was == waiting { // nothing has begun
		s.inbox.Close()
		s.namespace.server.done()
	} else {
		s.conn.linger(s, was == pending)
		s.inbox.Call(func() { s.finish(reason) })
	}
	return was
}

// finish is the last that the inbox does.
func (s *Socket) finish(reason event.Reason) {
	defer s.namespace.server.done()
	s.inbox.Close()
	s.conn.ran(s) // where it was closed before it could enter
	if s.entered {
		s.entered = false // for what is behind in the batch
		s.namespace.server.logSocket(msgLeft, s, reason)
		s.namespace.server.trace.Load().disconnected(s, reason)
	}
	s.tell(&s.onLeaving, reason)
	s.tell(&s.onDisconnect, reason)
	s.conn.finished()
}

// tell calls the functions of the list, also those that are added meanwhile.
func (s *Socket) tell(list *[]func(event.Reason), reason event.Reason) {
	for i := 0; ; i++ {
		s.mu.Lock()
		if i == len(*list) {
			s.mu.Unlock()
			return
		}
		fn := (*list)[i]
		s.mu.Unlock()
		s.call("disconnect", func() { fn(reason) })
	}
}
