package adapter

import (
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
)

// Socket is what an adapter knows of a socket of this server.
type Socket interface {
	// ID is the socket's public id, the same for its whole life.
	ID() string

	// Deliver sends the packet to the peer. It only queues, so it never waits. It may
	// call Remove. A socket that is gone ignores it.
	Deliver(p *Packet)
}

// Packet is one broadcast. Everybody it is handed to shares it, so nobody may change it.
type Packet struct {
	// Packet is the event, for an adapter that publishes it to other servers.
	parser.Packet

	// Messages is the event as a connection carries it: encoded once, for all receivers.
	Messages []transport.Message

	// Volatile allows to drop the event for a receiver that is not ready for it.
	Volatile bool
}

// Target selects the receivers of a broadcast: the sockets that are in at least
// one of Rooms and in none of Except. Without Rooms, every socket of the namespace
// is in. A socket's own id is the name of a room that it is in from the start.
type Target struct {
	Rooms  []string // any of these; empty means the whole namespace
	Except []string // none of these
	Local  bool     // only sockets of this server
}

// Adapter holds the sockets of one namespace and their rooms. Its methods may be
// called concurrently. It holds no lock while it calls Deliver.
type Adapter interface {
	// Add makes s a member, in the room named by its id.
	Add(s Socket)

	// Remove takes the socket out of all rooms and of the namespace.
	Remove(id string)

	// Join puts a member into rooms. It does nothing for an id that is not a
	// member, so that a socket cannot join after it was removed.
	Join(id string, rooms ...string)

	// Leave takes a member out of rooms.
	Leave(id string, rooms ...string)

	// Rooms returns the rooms of a member in no order, its own id included, or nil.
	Rooms(id string) []string

	// Sockets returns the members of this server that t selects, each once. The
	// caller may keep the slice and must not change it.
	Sockets(t Target) []Socket

	// Broadcast delivers the packet to every socket that t selects, once each. Two
	// broadcasts of one caller reach each socket in the order of the calls.
	//
	// An error says that other servers may not get it; the sockets of this server
	// do in any case.
	Broadcast(p *Packet, t Target) error

	// Close releases what the adapter holds. It is called once, when no socket is
	// left; a broadcast that comes later reaches nobody.
	Close() error
}

// New makes the adapter of a namespace.
type New func(namespace string) Adapter
