package server

import (
	"slices"

	"github.com/isosocket/isosocket/server/internal/rooms"
)

// To returns a broadcast to the sockets in any of the rooms, without this one.
func (s *Socket) To(names ...string) Broadcast { return s.Broadcast().To(names...) }

// Broadcast returns a broadcast to all sockets of the namespace but this one.
func (s *Socket) Broadcast() Broadcast { return s.namespace.Except(s.id) }

// Join puts the socket into rooms. It does nothing once the socket is disconnected.
func (s *Socket) Join(names ...string) {
	n := s.namespace
	trace := n.server.trace.Load()
	if trace == nil {
		n.rooms.Join(s.id, names, nil)
		return
	}
	var changes []rooms.Change
	n.rooms.Join(s.id, names, &changes)
	trace.roomsJoined(s, changes)
}

// Leave takes the socket out of rooms.
func (s *Socket) Leave(names ...string) {
	n := s.namespace
	trace := n.server.trace.Load()
	if trace == nil {
		n.rooms.Leave(s.id, names, nil)
		return
	}
	var changes []rooms.Change
	n.rooms.Leave(s.id, names, &changes)
	trace.roomsLeft(s, changes)
}

// Rooms returns the rooms that the socket is in, its id included, in no order.
// Once it is disconnected they are those it was in.
func (s *Socket) Rooms() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cause != nil {
		return slices.Clone(s.left)
	}
	return s.namespace.rooms.Rooms(s.id)
}

// leaveAll takes the socket out of everything, for good, and tells where it was. The
// caller holds mu.
func (s *Socket) leaveAll(trace *traces) (changes []rooms.Change) {
	if trace == nil {
		s.left = s.namespace.rooms.Remove(s.id, nil)
		return nil
	}
	s.left = s.namespace.rooms.Remove(s.id, &changes)
	return changes
}
