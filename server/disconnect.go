package server

import (
	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	engineserver "github.com/isosocket/isosocket/transport/engineio/server"
)

// OnDisconnecting adds a function that is called when the socket is disconnected,
// before those of OnDisconnect, with the reason. Like them it runs behind the handlers of the events
// that came before.
func (s *Socket) OnDisconnecting(fn func(reason event.Reason)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onLeaving = append(s.onLeaving, fn)
}

// OnDisconnect adds a function that is called when the socket is disconnected.
// It is the last that the socket does.
func (s *Socket) OnDisconnect(fn func(reason event.Reason)) {
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

// leave tells the client and closes the socket.
func (s *Socket) leave() {
	if s.Connected() {
		s.send(&outgoing{messages: s.namespace.control(parser.Disconnect, nil), kind: engineserver.Control, trace: s.namespace.server.trace.Load()})
	}
	s.close(event.ServerNamespaceDisconnect, nil)
}

// close ends the socket. The first reason counts. It waits for nothing: the
// functions of OnDisconnect run in the inbox, behind the events that came before.
func (s *Socket) close(reason event.Reason, err error) {
	cause := &event.DisconnectError{Reason: reason, Err: err}
	trace := s.namespace.server.trace.Load()
	s.mu.Lock()
	if s.cause != nil {
		s.mu.Unlock()
		return
	}
	s.cause = cause
	s.state.Store(disconnected)
	changes := s.leaveAll(trace)
	cancel := s.cancel
	s.mu.Unlock()

	trace.roomsLeft(s, changes)
	if cancel != nil {
		cancel(cause)
	}
	s.acks.Close(cause)
	s.inbox.Call(func() { s.finish(reason) })
}

// finish is the last that the inbox does.
func (s *Socket) finish(reason event.Reason) {
	defer s.namespace.server.done()
	s.inbox.Close()
	if !s.entered {
		return
	}
	s.entered = false // for what is behind in the batch
	s.namespace.server.logSocket(msgLeft, s, reason)
	s.namespace.server.trace.Load().disconnected(s, reason)
	s.mu.Lock()
	leaving, left := s.onLeaving, s.onDisconnect
	s.mu.Unlock()
	for _, fns := range [][]func(event.Reason){leaving, left} {
		for _, fn := range fns {
			if err := endpoint.Protect("disconnect", func() error { fn(reason); return nil }); err != nil {
				s.report(err)
			}
		}
	}
}
