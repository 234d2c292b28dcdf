package server

import (
	"context"
	"iter"
	"slices"

	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
)

// Broadcast selects sockets of a namespace and sends to them. It is a value that
// never changes: To, Except, Volatile and Local return another one.
//
//	io.To("a", "b").Except("c").Emit("hello") // who is in a or b, and not in c
type Broadcast struct {
	namespace *Namespace
	target    adapter.Target
	volatile  bool
}

// To adds rooms: a socket is selected that is in at least one of them. The id of
// a socket is a room with that socket in it.
func (b Broadcast) To(rooms ...string) Broadcast {
	b.target.Rooms = slices.Concat(b.target.Rooms, rooms)
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

// Emit sends an event to the selected sockets. It is encoded once, before Emit
// returns; the arguments may be changed then. Emit waits for nobody, and tells
// nothing of who got it.
//
// The error is one of encoding, or of an adapter that could not reach other servers.
func (b Broadcast) Emit(name string, args ...any) error {
	p, err := b.packet(name, args, nil)
	if err != nil {
		return err
	}
	return b.namespace.adapter.Broadcast(p, b.target)
}

func (b Broadcast) packet(name string, args []any, id *uint64) (*adapter.Packet, error) {
	p, err := b.namespace.broadcast(name, args, id)
	if err != nil {
		return nil, err
	}
	p.Volatile = b.volatile
	return p, nil
}

// Reply is the answer of one socket to a [Broadcast.Request].
type Reply struct {
	Socket  string         // id
	Message *event.Message // holds the arguments of the answer; nil when there is an error
}

// Request sends an event to the selected sockets when the iteration begins, and
// yields the answers as they come. A socket that did not answer is yielded with
// the error: the cause of ctx for those that had not when it was over, or a
// [*event.DisconnectError]. One that answered with an error is yielded with that
// [*event.AckError]. So every selected socket comes once, unless the event could
// not be encoded: that error comes alone, with an empty Reply.
func (b Broadcast) Request(ctx context.Context, name string, args ...any) iter.Seq2[Reply, error] {
	return func(yield func(Reply, error) bool) {
		id := b.namespace.ackIDs.Add(1) - 1
		p, err := b.packet(name, args, &id)
		if err != nil {
			yield(Reply{}, err)
			return
		}
		b.collect(ctx, name, p, yield)
	}
}

// collect yields the answers to the event p of that name.
func (b Broadcast) collect(ctx context.Context, name string, p *adapter.Packet, yield func(Reply, error) bool) {
	type answer struct {
		socket *Socket
		packet *parser.Packet
		err    error
	}
	sockets := b.Sockets()
	answers := make(chan answer, len(sockets)) // so that nobody waits who reads a connection
	waiting := make(map[*Socket]struct{}, len(sockets))
	defer func() {
		for s := range waiting {
			s.acks.Remove(p.ID)
		}
	}()
	for _, s := range sockets {
		waiting[s] = struct{}{}
		err := s.acks.AddID(p.ID, func(p *parser.Packet, err error) { answers <- answer{s, p, err} })
		if err == nil {
			if err = s.deliver(p); err == nil || !s.acks.Remove(p.ID) {
				continue
			}
		}
		answers <- answer{socket: s, err: err}
	}
	for len(waiting) > 0 {
		select {
		case a := <-answers:
			delete(waiting, a.socket)
			reply, err := Reply{Socket: a.socket.id}, a.err
			if err == nil {
				reply.Message, err = endpoint.Reply(b.namespace.server.options.Format, a.packet, name)
			}
			if !yield(reply, err) {
				return
			}
		case <-ctx.Done():
			for s := range waiting {
				if s.acks.Remove(p.ID) {
					delete(waiting, s)
					if !yield(Reply{Socket: s.id}, context.Cause(ctx)) {
						return
					}
				}
			}
			ctx = context.Background() // those left have answered
		}
	}
}

// Sockets returns the connected sockets of this server that are selected, in no order.
func (b Broadcast) Sockets() []*Socket {
	members := b.namespace.adapter.Sockets(b.target)
	sockets := make([]*Socket, 0, len(members))
	for _, m := range members {
		if s := (*Socket)(m.(*member)); s.Connected() {
			sockets = append(sockets, s)
		}
	}
	return sockets
}

// SocketsJoin puts the selected sockets of this server into rooms.
func (b Broadcast) SocketsJoin(rooms ...string) {
	for _, s := range b.Sockets() {
		s.Join(rooms...)
	}
}

// SocketsLeave takes the selected sockets of this server out of rooms.
func (b Broadcast) SocketsLeave(rooms ...string) {
	for _, s := range b.Sockets() {
		s.Leave(rooms...)
	}
}

// DisconnectSockets disconnects the selected sockets of this server, see [Socket.Disconnect].
func (b Broadcast) DisconnectSockets(closeConnection bool) {
	for _, s := range b.Sockets() {
		s.Disconnect(closeConnection)
	}
}
