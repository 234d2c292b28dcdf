package host

import (
	"crypto/rand"
	"slices"
	"sync"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/transport/queue"
	"github.com/isosocket/isosocket/web/chat"
)

const (
	maxRooms   = 50
	maxWaiting = 100_000 // announcements: far more than a server that runs at all has waiting, as sending does not wait
)

// Host holds the rooms.
type Host struct {
	io  *server.Server
	run string // names this memory, see chat.Cursor

	// announcements are sent in the order of the changes they tell of, and while
	// no lock is held. Sockets join and leave in the same order.
	announcements queue.Queue[func()]

	mu    sync.Mutex
	rooms []*room // the fixed ones first; guarded by mu, with all that is in them
}

// New opens the fixed rooms to the sockets that connect to the root namespace of io.
func New(io *server.Server) *Host {
	h := &Host{io: io, run: rand.Text()}
	h.announcements.Init(queue.Limits{MaxItems: maxWaiting}, func(batch []func()) {
		for _, announce := range batch {
			announce()
		}
	})
	for _, name := range chat.FixedRooms {
		h.rooms = append(h.rooms, &room{name: name, fixed: true})
	}
	io.OnConnect(h.welcome)
	return h
}

// welcome makes a socket a visitor, who is in no room yet.
func (h *Host) welcome(s *server.Socket) {
	v := &visitor{host: h, socket: s}
	chat.Join.Handle(s, v.join)
	chat.Post.Handle(s, v.post)
	chat.Shown.On(s, v.shown)
	chat.Typing.On(s, v.typing)
	chat.Latency.Handle(s, v.latency)
	s.OnDisconnect(v.gone)

	h.mu.Lock()
	defer h.mu.Unlock()
	h.announceRooms(s)
}

// announce puts something to send behind what was announced before. The caller holds mu.
func (h *Host) announce(send func()) { _ = h.announcements.Put(send, 0) }

// announceRooms sends the list of rooms. The caller holds mu.
func (h *Host) announceRooms(to event.Emitter) {
	list := make([]chat.Room, len(h.rooms))
	for i, r := range h.rooms {
		list[i] = chat.Room{Name: r.name, People: len(r.members())}
	}
	h.announce(func() { _ = chat.Rooms.Emit(to, list) })
}

// find returns the room of that name, or nil. The caller holds mu.
func (h *Host) find(name string) *room {
	i := slices.IndexFunc(h.rooms, func(r *room) bool { return r.name == name })
	if i < 0 {
		return nil
	}
	return h.rooms[i]
}

// open returns the room of that name, a new one if there is none, and nil when
// there are too many already. The caller holds mu.
func (h *Host) open(name string) *room {
	r := h.find(name)
	if r == nil && len(h.rooms) < maxRooms {
		r = &room{name: name}
		h.rooms = append(h.rooms, r)
	}
	return r
}

// enter puts a visitor into a room, and tells those who are there. The caller holds mu.
func (h *Host) enter(v *visitor, r *room) {
	isNew := !r.has(v.me)
	r.visitors = append(r.visitors, v)
	v.room = r
	h.announce(func() { v.socket.Join(r.channel()) }) // what was announced before is history to the visitor
	if isNew {
		h.announcePresence(r, v.me, false)
	}
}

// leave takes a visitor out of the room they are in, if any. The caller holds mu.
func (h *Host) leave(v *visitor) {
	r := v.room
	if r == nil {
		return
	}
	r.visitors = slices.DeleteFunc(r.visitors, func(other *visitor) bool { return other == v })
	v.room = nil
	h.announce(func() { v.socket.Leave(r.channel()) })
	if len(r.visitors) == 0 && !r.fixed {
		h.rooms = slices.DeleteFunc(h.rooms, func(other *room) bool { return other == r })
	}
	if !r.has(v.me) { // they may be there a second time
		h.announcePresence(r, v.me, true)
	}
}

func (h *Host) announcePresence(r *room, who chat.Member, left bool) {
	p := chat.RoomPresence{Room: r.name, Members: r.members(), Who: who, Left: left}
	h.announce(func() { _ = chat.Presence.Emit(h.io.To(r.channel()), p) })
	h.announceRooms(h.io)
}
