package server

import (
	"slices"

	"github.com/isosocket/isosocket/server/adapter"
)

// Broadcast selects sockets of a namespace and sends to them. It is a value that
// never changes: To, Except, Volatile and Local return another one.
//
//	sio.To("a", "b").Except("c").Emit("hello") // who is in a or b, and not in c
//
// It reaches the sockets of all servers that [Options].Adapter connects, except where
// a method says something else: those of this server first, before the method
// returns and whatever becomes of the others, and then the others.
type Broadcast struct {
	namespace *Namespace
	target    adapter.Target
	rooms     bool // To was called: without a room in target no socket is selected
	volatile  bool
}

// To adds rooms: a socket is selected that is in at least one of them. The id of
// a socket is a room with that socket in it. To of no rooms at all, as of a list that
// happens to be empty, selects none.
func (b Broadcast) To(rooms ...string) Broadcast {
	b.target.Rooms = slices.Concat(b.target.Rooms, rooms)
	b.rooms = true
	return b
}

// Except adds rooms whose sockets are not selected.
func (b Broadcast) Except(rooms ...string) Broadcast {
	b.target.Except = slices.Concat(b.target.Except, rooms)
	return b
}

// Volatile allows to drop the event for every socket that is not ready: one on
// polling without a waiting request, or one that many packets wait for already.
func (b Broadcast) Volatile() Broadcast {
	b.volatile = true
	return b
}

// Local selects only sockets of this server, where an adapter knows others.
func (b Broadcast) Local() Broadcast {
	b.target.Local = true
	return b
}

// empty reports whether no socket can be selected.
func (b Broadcast) empty() bool { return b.rooms && len(b.target.Rooms) == 0 }

// relayed reports whether other servers are concerned.
func (b Broadcast) relayed() bool {
	return b.namespace.adapter != nil && !b.target.Local && !b.empty()
}

// Emit sends an event to the selected sockets. It is encoded once, before Emit
// returns; the arguments may be changed then. Emit waits for no receiver, and does
// not tell who got the event.
//
// The error is one of encoding, or of an adapter that could not reach other servers;
// the sockets of this server have been served then.
func (b Broadcast) Emit(name string, args ...any) error {
	n := b.namespace
	group, err := n.event(name, args, nil)
	if err != nil {
		return err
	}
	if !b.empty() {
		n.deliver(n.toMany(group, name, b.volatile), b.target)
	}
	if !b.relayed() {
		return nil
	}
	p, err := relay(n.server.options.Format, group, b.volatile)
	if err != nil {
		return err
	}
	return n.adapter.Broadcast(p, b.target)
}

// deliver sends the packet to the sockets of this server that t selects.
func (n *Namespace) deliver(p *outgoing, t adapter.Target) {
	list, out := n.rooms.Select(t.Rooms, t.Except)
	for _, s := range list {
		if !out.Has(s) {
			_ = s.deliver(p) // what becomes of one socket is not told
		}
	}
}

// Sockets returns the connected sockets of this server that are selected, in no
// order. [Broadcast.Fetch] knows those of other servers, too.
func (b Broadcast) Sockets() []*Socket {
	if b.empty() {
		return nil
	}
	return b.namespace.sockets(b.target)
}

// sockets returns the connected sockets of this server that t selects.
func (n *Namespace) sockets(t adapter.Target) []*Socket {
	list, out := n.rooms.Select(t.Rooms, t.Except)
	sockets := make([]*Socket, 0, len(list))
	for _, s := range list {
		if !out.Has(s) && s.Connected() {
			sockets = append(sockets, s)
		}
	}
	return sockets
}

// SocketsJoin puts the selected sockets into rooms. The error is that of an adapter that
// could not reach other servers.
func (b Broadcast) SocketsJoin(rooms ...string) error {
	return b.change(adapter.Change{Op: adapter.Join, Rooms: rooms})
}

// SocketsLeave takes the selected sockets out of rooms. The error is as with SocketsJoin.
func (b Broadcast) SocketsLeave(rooms ...string) error {
	return b.change(adapter.Change{Op: adapter.Leave, Rooms: rooms})
}

// DisconnectSockets disconnects the selected sockets, see [Socket.Disconnect]. The
// error is as with SocketsJoin.
func (b Broadcast) DisconnectSockets(closeConnection bool) error {
	return b.change(adapter.Change{Op: adapter.Disconnect, Close: closeConnection})
}

func (b Broadcast) change(c adapter.Change) error {
	if !b.empty() {
		b.namespace.change(c, b.target)
	}
	if !b.relayed() {
		return nil
	}
	c.Rooms = slices.Clone(c.Rooms) // the caller's, who may change it
	return b.namespace.adapter.Change(c, b.target)
}

// change changes the sockets of this server that t selects.
func (n *Namespace) change(c adapter.Change, t adapter.Target) {
	for _, s := range n.sockets(t) {
		switch c.Op {
		case adapter.Join:
			s.Join(c.Rooms...)
		case adapter.Leave:
			s.Leave(c.Rooms...)
		case adapter.Disconnect:
			s.Disconnect(c.Close)
		}
	}
}
