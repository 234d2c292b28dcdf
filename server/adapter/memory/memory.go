package memory

import (
	"slices"
	"sync"

	"github.com/isosocket/isosocket/server/adapter"
)

// New returns the adapter of one namespace. It is an [adapter.New].
func New(namespace string) adapter.Adapter {
	return &rooms{members: make(map[string]*member)}
}

// rooms implements adapter.Adapter.
type rooms struct {
	mu      sync.RWMutex
	members map[string]*member // by id; guarded by mu
	named   map[string]*room   // guarded by mu; no room is empty
	all     []adapter.Socket   // all members, or nil when that has to be collected again; guarded by mu
}

// member is a socket. The room named by its own id exists for nearly every
// socket and has nobody else in it, so it is a flag and no map.
type member struct {
	socket adapter.Socket
	rooms  map[string]struct{} // without its own id
	notOwn bool                // it has left the room of its own id
}

// room keeps its members twice: as a set for joins and leaves, and as a slice
// that broadcasts share until the set changes.
type room struct {
	set  map[*member]struct{}
	list []adapter.Socket // nil when that has to be collected again
}

func (r *rooms) Add(s adapter.Socket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members[s.ID()] = &member{socket: s}
	r.all = nil
}

func (r *rooms) Remove(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.members[id]
	if m == nil {
		return
	}
	for name := range m.rooms {
		r.leave(m, name)
	}
	delete(r.members, id)
	r.all = nil
}

func (r *rooms) Join(id string, names ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.members[id]
	if m == nil {
		return
	}
	for _, name := range names {
		if name == id {
			m.notOwn = false
			continue
		}
		in := r.named[name]
		if in == nil {
			if r.named == nil {
				r.named = make(map[string]*room)
			}
			in = &room{set: make(map[*member]struct{})}
			r.named[name] = in
		}
		in.set[m] = struct{}{}
		in.list = nil
		if m.rooms == nil {
			m.rooms = make(map[string]struct{})
		}
		m.rooms[name] = struct{}{}
	}
}

func (r *rooms) Leave(id string, names ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.members[id]
	if m == nil {
		return
	}
	for _, name := range names {
		if name == id {
			m.notOwn = true
			continue
		}
		r.leave(m, name)
		delete(m.rooms, name)
	}
}

func (r *rooms) leave(m *member, name string) {
	in := r.named[name]
	if in == nil {
		return
	}
	delete(in.set, m)
	in.list = nil
	if len(in.set) == 0 {
		delete(r.named, name)
	}
}

func (r *rooms) Rooms(id string) []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	m := r.members[id]
	if m == nil {
		return nil
	}
	names := make([]string, 0, len(m.rooms)+1)
	if !m.notOwn {
		names = append(names, id)
	}
	for name := range m.rooms {
		names = append(names, name)
	}
	return names
}

func (r *rooms) Broadcast(p *adapter.Packet, t adapter.Target) error {
	list, out := r.pick(t)
	for _, s := range list {
		if !out.has(s) {
			s.Deliver(p)
		}
	}
	return nil
}

func (r *rooms) Close() error { return nil }

// Sockets implements adapter.Adapter. A slice that it has returned is never changed.
func (r *rooms) Sockets(t adapter.Target) []adapter.Socket {
	list, out := r.pick(t)
	if out.one == nil {
		return list
	}
	rest := make([]adapter.Socket, 0, len(list))
	for _, s := range list {
		if !out.has(s) {
			rest = append(rest, s)
		}
	}
	return rest
}

// pick returns who is in the rooms of t, and who of them is not meant.
func (r *rooms) pick(t adapter.Target) (list []adapter.Socket, out excepted) {
	if list, out, ok := r.collected(t); ok {
		return list, out
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch len(t.Rooms) {
	case 0:
		return r.everybody(), r.except(t)
	case 1:
		return r.list(t.Rooms[0]), r.except(t)
	}
	seen := make(map[adapter.Socket]struct{})
	for _, name := range t.Rooms {
		for _, s := range r.list(name) {
			if _, twice := seen[s]; !twice {
				seen[s] = struct{}{}
				list = append(list, s)
			}
		}
	}
	return list, r.except(t)
}

// collected answers the common question, one room or everybody, with a slice that
// is there already, under the lock that broadcasts share.
func (r *rooms) collected(t adapter.Target) (list []adapter.Socket, out excepted, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	switch len(t.Rooms) {
	case 0:
		list = r.all
	case 1:
		if in := r.named[t.Rooms[0]]; in != nil && r.own(t.Rooms[0]) == nil {
			list = in.list
		}
	}
	if list == nil {
		return nil, excepted{}, false
	}
	return list, r.except(t), true
}

func (r *rooms) everybody() []adapter.Socket {
	if r.all == nil {
		r.all = make([]adapter.Socket, 0, len(r.members))
		for _, m := range r.members {
			r.all = append(r.all, m.socket)
		}
	}
	return r.all
}

// list returns who is in the room.
func (r *rooms) list(name string) []adapter.Socket {
	in, owner := r.named[name], r.own(name)
	if in == nil {
		if owner == nil {
			return nil
		}
		return []adapter.Socket{owner.socket}
	}
	if in.list == nil {
		in.list = make([]adapter.Socket, 0, len(in.set))
		for m := range in.set {
			in.list = append(in.list, m.socket)
		}
	}
	if owner != nil {
		return append(slices.Clip(in.list), owner.socket)
	}
	return in.list
}

// own returns the member whose id is the room's name, if it is in there.
func (r *rooms) own(name string) *member {
	if m := r.members[name]; m != nil && !m.notOwn {
		return m
	}
	return nil
}

// except returns the members that are in one of the rooms to leave out.
func (r *rooms) except(t adapter.Target) (out excepted) {
	for _, name := range t.Except {
		if m := r.own(name); m != nil {
			out.add(m.socket)
		}
		if in := r.named[name]; in != nil {
			for m := range in.set {
				out.add(m.socket)
			}
		}
	}
	return out
}

// excepted is a set of sockets, which most often has the sender of a broadcast in
// it and nobody else.
type excepted struct {
	one  adapter.Socket
	more map[adapter.Socket]struct{}
}

func (e *excepted) add(s adapter.Socket) {
	switch {
	case e.one == nil:
		e.one = s
	case e.more == nil:
		e.more = map[adapter.Socket]struct{}{s: {}}
	default:
		e.more[s] = struct{}{}
	}
}

func (e *excepted) has(s adapter.Socket) bool {
	if s == e.one {
		return true
	}
	_, found := e.more[s]
	return found
}
