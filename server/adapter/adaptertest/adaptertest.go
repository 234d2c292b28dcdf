package adaptertest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/socketio/parser"
)

// Socket is a socket of a test. It records what is delivered to it.
type Socket struct {
	id string

	mu        sync.Mutex
	delivered []*adapter.Packet
}

// NewSocket returns a socket with that id.
func NewSocket(id string) *Socket { return &Socket{id: id} }

// ID implements [adapter.Socket].
func (s *Socket) ID() string { return s.id }

// Deliver implements [adapter.Socket].
func (s *Socket) Deliver(p *adapter.Packet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delivered = append(s.delivered, p)
}

// Delivered returns the packets delivered so far and forgets them.
func (s *Socket) Delivered() []*adapter.Packet {
	s.mu.Lock()
	defer s.mu.Unlock()
	packets := s.delivered
	s.delivered = nil
	return packets
}

// Test checks an adapter as far as its own server is concerned.
func Test(t *testing.T, newAdapter adapter.New) {
	for name, test := range map[string]func(*testing.T, adapter.Adapter){
		"targets":            testTargets,
		"rooms":              testRooms,
		"own room":           testOwnRoom,
		"removed":            testRemoved,
		"slices are kept":    testSlices,
		"order":              testOrder,
		"deliver calls back": testReentry,
		"concurrency":        testConcurrency,
	} {
		t.Run(name, func(t *testing.T) {
			a := newAdapter("/test")
			defer func() { require.NoError(t, a.Close()) }()
			test(t, a)
		})
	}
}

// populate adds sockets a to d: a is in x and y, b in x, c in y, d in none.
func populate(a adapter.Adapter) map[string]*Socket {
	sockets := make(map[string]*Socket)
	for id, rooms := range map[string][]string{"a": {"x", "y"}, "b": {"x"}, "c": {"y"}, "d": nil} {
		sockets[id] = NewSocket(id)
		a.Add(sockets[id])
		a.Join(id, rooms...)
	}
	return sockets
}

func testTargets(t *testing.T, a adapter.Adapter) {
	sockets := populate(a)
	for _, test := range []struct {
		target adapter.Target
		want   []string
	}{
		{adapter.Target{}, []string{"a", "b", "c", "d"}},
		{adapter.Target{Local: true}, []string{"a", "b", "c", "d"}},
		{adapter.Target{Rooms: []string{"x"}}, []string{"a", "b"}},
		{adapter.Target{Rooms: []string{"x", "y"}}, []string{"a", "b", "c"}},
		{adapter.Target{Rooms: []string{"x", "x"}}, []string{"a", "b"}},
		{adapter.Target{Rooms: []string{"d", "x"}}, []string{"a", "b", "d"}},
		{adapter.Target{Rooms: []string{"nobody"}}, nil},
		{adapter.Target{Rooms: []string{"nobody", "y"}}, []string{"a", "c"}},
		{adapter.Target{Except: []string{"x"}}, []string{"c", "d"}},
		{adapter.Target{Except: []string{"x", "d"}}, []string{"c"}},
		{adapter.Target{Except: []string{"nobody"}}, []string{"a", "b", "c", "d"}},
		{adapter.Target{Rooms: []string{"x"}, Except: []string{"a"}}, []string{"b"}},
		{adapter.Target{Rooms: []string{"x"}, Except: []string{"y"}}, []string{"b"}},
		{adapter.Target{Rooms: []string{"x"}, Except: []string{"x"}}, nil},
	} {
		for range 2 { // what was collected for the first is used for the second
			require.ElementsMatch(t, test.want, ids(a.Sockets(test.target)), "sockets of %+v", test.target)
			p := new(adapter.Packet)
			require.NoError(t, a.Broadcast(p, test.target))
			var got []string
			for id, s := range sockets {
				for _, delivered := range s.Delivered() {
					require.Same(t, p, delivered)
					got = append(got, id)
				}
			}
			require.ElementsMatch(t, test.want, got, "receivers of %+v", test.target)
		}
	}
}

func ids(sockets []adapter.Socket) []string {
	var ids []string
	for _, s := range sockets {
		ids = append(ids, s.ID())
	}
	return ids
}

func in(a adapter.Adapter, room string) []string {
	return ids(a.Sockets(adapter.Target{Rooms: []string{room}}))
}

func testRooms(t *testing.T, a adapter.Adapter) {
	populate(a)
	require.ElementsMatch(t, []string{"a", "x", "y"}, a.Rooms("a"))
	require.ElementsMatch(t, []string{"d"}, a.Rooms("d"))
	require.Nil(t, a.Rooms("nobody"))

	a.Join("d", "x")
	require.ElementsMatch(t, []string{"a", "b", "d"}, in(a, "x"))
	a.Join("d", "x")
	a.Leave("d", "x")
	require.ElementsMatch(t, []string{"a", "b"}, in(a, "x"), "joining twice is joining once")
	a.Leave("d", "x", "never")
	a.Leave("a", "x", "y")
	a.Leave("b", "x")
	require.Empty(t, in(a, "x"))
	require.ElementsMatch(t, []string{"c"}, in(a, "y"))
	require.ElementsMatch(t, []string{"a"}, a.Rooms("a"))
	a.Leave("nobody", "y")
	a.Join("b", "x")
	require.ElementsMatch(t, []string{"b"}, in(a, "x"), "an empty room comes back")
}

func testOwnRoom(t *testing.T, a adapter.Adapter) {
	populate(a)
	require.ElementsMatch(t, []string{"a"}, in(a, "a"))
	a.Join("b", "a")
	require.ElementsMatch(t, []string{"a", "b"}, in(a, "a"), "somebody else's id is a room like others")
	require.ElementsMatch(t, []string{"a", "b"}, in(a, "a"))
	a.Leave("a", "a")
	require.ElementsMatch(t, []string{"b"}, in(a, "a"))
	require.ElementsMatch(t, []string{"x", "y"}, a.Rooms("a"))
	a.Join("a", "a")
	require.ElementsMatch(t, []string{"a", "b"}, in(a, "a"))
	a.Remove("a")
	require.ElementsMatch(t, []string{"b"}, in(a, "a"))
}

func testRemoved(t *testing.T, a adapter.Adapter) {
	sockets := populate(a)
	a.Remove("a")
	a.Remove("a")
	a.Join("a", "x", "z")
	require.Nil(t, a.Rooms("a"))
	require.ElementsMatch(t, []string{"b"}, in(a, "x"))
	require.Empty(t, in(a, "z"))
	require.NoError(t, a.Broadcast(new(adapter.Packet), adapter.Target{}))
	require.Empty(t, sockets["a"].Delivered())
	require.Len(t, sockets["b"].Delivered(), 1)
}

func testSlices(t *testing.T, a adapter.Adapter) {
	populate(a)
	all := a.Sockets(adapter.Target{})
	room := a.Sockets(adapter.Target{Rooms: []string{"x"}})
	before := append(ids(all), ids(room)...)
	a.Join("d", "x")
	a.Leave("b", "x")
	a.Remove("a")
	a.Add(NewSocket("e"))
	a.Sockets(adapter.Target{})
	a.Sockets(adapter.Target{Rooms: []string{"x"}})
	require.Equal(t, before, append(ids(all), ids(room)...))
}

func testOrder(t *testing.T, a adapter.Adapter) {
	sockets := populate(a)
	for i := range 100 {
		p := &adapter.Packet{Packet: parser.Packet{ID: uint64(i)}}
		target := adapter.Target{Rooms: []string{"x"}}
		if i%2 == 1 {
			target = adapter.Target{Except: []string{"c"}}
		}
		require.NoError(t, a.Broadcast(p, target))
	}
	for _, id := range []string{"a", "b"} {
		for i, p := range sockets[id].Delivered() {
			require.EqualValues(t, i, p.ID)
		}
	}
}

// leaver is a socket whose Deliver calls the adapter, as one that is closed for
// being slow does.
type leaver struct {
	Socket
	adapter adapter.Adapter
}

func (l *leaver) Deliver(*adapter.Packet) { l.adapter.Remove(l.ID()) }

func testReentry(t *testing.T, a adapter.Adapter) {
	a.Add(&leaver{Socket{id: "l"}, a})
	a.Join("l", "x")
	require.NoError(t, a.Broadcast(new(adapter.Packet), adapter.Target{Rooms: []string{"x"}}))
	require.Empty(t, in(a, "x"))
}

func testConcurrency(t *testing.T, a adapter.Adapter) {
	stay := NewSocket("stay")
	a.Add(stay)
	a.Join("stay", "x")
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 200 {
				s := NewSocket(fmt.Sprint(worker, "-", i))
				a.Add(s)
				a.Join(s.ID(), "x", s.ID()+"y")
				a.Sockets(adapter.Target{Rooms: []string{"x", "stay"}, Except: []string{s.ID()}})
				if a.Broadcast(new(adapter.Packet), adapter.Target{Rooms: []string{"x"}}) != nil {
					return
				}
				a.Leave(s.ID(), "x")
				a.Remove(s.ID())
			}
		})
	}
	wg.Wait()
	require.Len(t, stay.Delivered(), 800)
	require.ElementsMatch(t, []string{"stay"}, ids(a.Sockets(adapter.Target{})))
	require.ElementsMatch(t, []string{"stay"}, in(a, "x"))
}
