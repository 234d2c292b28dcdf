package rooms

import (
	"slices"
	"sync"
)

// Index holds members and their rooms. Its methods may be called concurrently;
// it calls nothing of its user's.
type Index[M comparable] struct {
	mu      sync.RWMutex
	members map[string]*member[M] // by id; guarded by mu
	named   map[string]*room[M]   // guarded by mu; no room is empty
	all     []M                   // all members, or nil when that has to be collected again; guarded by mu
}

// member is a member with its rooms. The room named by its own id exists for nearly
// every member and has no other in it, so it is a flag and no map.
type member[M comparable] struct {
	value  M
	rooms  map[string]struct{} // without its own id
	notOwn bool                // it has left the room of its own id
}

// room keeps its members twice: as a set for joins and leaves, and as a slice
// that selections share until the set changes.
type room[M comparable] struct {
	set  map[*member[M]]struct{}
	list []M // nil when that has to be collected again
}

// Change is what a call did to a room. The room of a member's own id is not told of.
type Change struct {
	Room string // its name
	Edge bool   // the member was the first to join the room, or the last to leave it
}

// Add makes m a member, in the room named by its id.
func (x *Index[M]) Add(id string, m M) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.members == nil {
		x.members = make(map[string]*member[M])
	}
	x.members[id] = &member[M]{value: m}
	x.all = nil
}

// Remove takes the member out of all rooms and of the index. It returns the rooms
// that the member was in, as [Index.Rooms] does. It appends what changed to
// changes, unless that is nil.
func (x *Index[M]) Remove(id string, changes *[]Change) (rooms []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	m := x.members[id]
	if m == nil {
		return nil
	}
	rooms = m.names(id)
	for name := range m.rooms {
		x.leave(m, name, changes)
	}
	delete(x.members, id)
	x.all = nil
	return rooms
}

// Join puts a member into rooms. It does nothing for an id that is not a member, so
// that nobody can join after Remove. It appends what changed to changes, unless
// that is nil.
func (x *Index[M]) Join(id string, names []string, changes *[]Change) {
	x.mu.Lock()
	defer x.mu.Unlock()
	m := x.members[id]
	if m == nil {
		return
	}
	for _, name := range names {
		if name == id {
			m.notOwn = false
			continue
		}
		if _, in := m.rooms[name]; in {
			continue
		}
		r := x.named[name]
		if r == nil {
			if x.named == nil {
				x.named = make(map[string]*room[M])
			}
			r = &room[M]{set: make(map[*member[M]]struct{})}
			x.named[name] = r
		}
		if changes != nil {
			*changes = append(*changes, Change{Room: name, Edge: len(r.set) == 0})
		}
		r.set[m] = struct{}{}
		r.list = nil
		if m.rooms == nil {
			m.rooms = make(map[string]struct{})
		}
		m.rooms[name] = struct{}{}
	}
}

// Leave takes a member out of rooms. It appends what changed to changes, unless
// that is nil.
func (x *Index[M]) Leave(id string, names []string, changes *[]Change) {
	x.mu.Lock()
	defer x.mu.Unlock()
	m := x.members[id]
	if m == nil {
		return
	}
	for _, name := range names {
		if name == id {
			m.notOwn = true
			continue
		}
		if _, in := m.rooms[name]; in {
			x.leave(m, name, changes)
			delete(m.rooms, name)
		}
	}
}

// leave takes m out of the set of a room that it is in.
func (x *Index[M]) leave(m *member[M], name string, changes *[]Change) {
	r := x.named[name]
	delete(r.set, m)
	r.list = nil
	if len(r.set) == 0 {
		delete(x.named, name)
	}
	if changes != nil {
		*changes = append(*changes, Change{Room: name, Edge: len(r.set) == 0})
	}
}

// Rooms returns the rooms of a member in no order, its own id included, or nil.
func (x *Index[M]) Rooms(id string) []string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	m := x.members[id]
	if m == nil {
		return nil
	}
	return m.names(id)
}

func (m *member[M]) names(id string) []string {
	names := make([]string, 0, len(m.rooms)+1)
	if !m.notOwn {
		names = append(names, id)
	}
	for name := range m.rooms {
		names = append(names, name)
	}
	return names
}

// Select returns the members that are in any of the rooms, all of them without
// rooms, each once and in no order; those that out has are not meant. The slice
// is shared: it is never changed, by its receiver neither.
func (x *Index[M]) Select(rooms, except []string) (list []M, out Excepted[M]) {
	if list, out, ok := x.collected(rooms, except); ok {
		return list, out
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	switch len(rooms) {
	case 0:
		return x.everybody(), x.except(except)
	case 1:
		return x.list(rooms[0]), x.except(except)
	}
	seen := make(map[M]struct{})
	for _, name := range rooms {
		for _, m := range x.list(name) {
			if _, twice := seen[m]; !twice {
				seen[m] = struct{}{}
				list = append(list, m)
			}
		}
	}
	return list, x.except(except)
}

// collected answers the common question, one room or everybody, with a slice that
// is there already, under the lock that selections share.
func (x *Index[M]) collected(rooms, except []string) (list []M, out Excepted[M], ok bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	switch len(rooms) {
	case 0:
		list = x.all
	case 1:
		if r := x.named[rooms[0]]; r != nil && x.own(rooms[0]) == nil {
			list = r.list
		}
	}
	if list == nil {
		return nil, Excepted[M]{}, false
	}
	return list, x.except(except), true
}

func (x *Index[M]) everybody() []M {
	if x.all == nil {
		x.all = make([]M, 0, len(x.members))
		for _, m := range x.members {
			x.all = append(x.all, m.value)
		}
	}
	return x.all
}

// list returns who is in the room.
func (x *Index[M]) list(name string) []M {
	r, owner := x.named[name], x.own(name)
	if r == nil {
		if owner == nil {
			return nil
		}
		return []M{owner.value}
	}
	if r.list == nil {
		r.list = make([]M, 0, len(r.set))
		for m := range r.set {
			r.list = append(r.list, m.value)
		}
	}
	if owner != nil {
		return append(slices.Clip(r.list), owner.value)
	}
	return r.list
}

// own returns the member whose id is the room's name, if it is in there.
func (x *Index[M]) own(name string) *member[M] {
	if m := x.members[name]; m != nil && !m.notOwn {
		return m
	}
	return nil
}

// except returns the members that are in one of the rooms to leave out.
func (x *Index[M]) except(rooms []string) (out Excepted[M]) {
	for _, name := range rooms {
		if m := x.own(name); m != nil {
			out.add(m.value)
		}
		if r := x.named[name]; r != nil {
			for m := range r.set {
				out.add(m.value)
			}
		}
	}
	return out
}

// Excepted is a set of members. Most often it has the sender of a broadcast in it
// and no other, for which it needs no map.
type Excepted[M comparable] struct {
	one  M
	any  bool // one is in it
	more map[M]struct{}
}

func (e *Excepted[M]) add(m M) {
	switch {
	case !e.any:
		e.one, e.any = m, true
	case e.more == nil:
		e.more = map[M]struct{}{m: {}}
	default:
		e.more[m] = struct{}{}
	}
}

// Has reports whether m is in the set.
func (e *Excepted[M]) Has(m M) bool {
	if !e.any {
		return false
	}
	if m == e.one {
		return true
	}
	_, found := e.more[m]
	return found
}
