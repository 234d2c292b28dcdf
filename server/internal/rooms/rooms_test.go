package rooms_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/isosocket/isosocket/server/internal/rooms"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// index is an Index whose members are their own ids.
type index struct{ rooms.Index[string] }

func (x *index) join(id string, names ...string)  { x.Join(id, names, nil) }
func (x *index) leave(id string, names ...string) { x.Leave(id, names, nil) }

// selected returns who is selected and not excepted.
func (x *index) selected(in, except []string) (ids []string) {
	list, out := x.Select(in, except)
	for _, id := range list {
		if !out.Has(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (x *index) in(room string) []string { return x.selected([]string{room}, nil) }

// populate adds members a to d: a is in x and y, b in x, c in y, d in none.
func populate() *index {
	x := new(index)
	for id, names := range map[string][]string{"a": {"x", "y"}, "b": {"x"}, "c": {"y"}, "d": nil} {
		x.Add(id, id)
		x.join(id, names...)
	}
	return x
}

func TestSelect(t *testing.T) {
	x := populate()
	for _, test := range []struct{ in, except, want []string }{
		{nil, nil, []string{"a", "b", "c", "d"}},
		{[]string{"x"}, nil, []string{"a", "b"}},
		{[]string{"x", "y"}, nil, []string{"a", "b", "c"}},
		{[]string{"x", "x"}, nil, []string{"a", "b"}},
		{[]string{"d", "x"}, nil, []string{"a", "b", "d"}},
		{[]string{"nobody"}, nil, nil},
		{[]string{"nobody", "y"}, nil, []string{"a", "c"}},
		{nil, []string{"x"}, []string{"c", "d"}},
		{nil, []string{"x", "d"}, []string{"c"}},
		{nil, []string{"nobody"}, []string{"a", "b", "c", "d"}},
		{[]string{"x"}, []string{"a"}, []string{"b"}},
		{[]string{"x"}, []string{"y"}, []string{"b"}},
		{[]string{"x"}, []string{"x"}, nil},
	} {
		for range 2 { // what was collected for the first is used for the second
			require.ElementsMatch(t, test.want, x.selected(test.in, test.except), "in %q except %q", test.in, test.except)
		}
	}
}

func TestRooms(t *testing.T) {
	x := populate()
	require.ElementsMatch(t, []string{"a", "x", "y"}, x.Rooms("a"))
	require.ElementsMatch(t, []string{"d"}, x.Rooms("d"))
	require.Nil(t, x.Rooms("nobody"))

	x.join("d", "x")
	require.ElementsMatch(t, []string{"a", "b", "d"}, x.in("x"))
	x.join("d", "x")
	x.leave("d", "x")
	require.ElementsMatch(t, []string{"a", "b"}, x.in("x"), "joining twice is joining once")
	x.leave("d", "x", "never")
	x.leave("a", "x", "y")
	x.leave("b", "x")
	require.Empty(t, x.in("x"))
	require.ElementsMatch(t, []string{"c"}, x.in("y"))
	require.ElementsMatch(t, []string{"a"}, x.Rooms("a"))
	x.leave("nobody", "y")
	x.join("b", "x")
	require.ElementsMatch(t, []string{"b"}, x.in("x"), "an empty room comes back")
}

func TestOwnRoom(t *testing.T) {
	x := populate()
	require.ElementsMatch(t, []string{"a"}, x.in("a"))
	x.join("b", "a")
	require.ElementsMatch(t, []string{"a", "b"}, x.in("a"), "another's id is a room like others")
	require.ElementsMatch(t, []string{"a", "b"}, x.in("a"))
	x.leave("a", "a")
	require.ElementsMatch(t, []string{"b"}, x.in("a"))
	require.ElementsMatch(t, []string{"x", "y"}, x.Rooms("a"))
	x.join("a", "a")
	require.ElementsMatch(t, []string{"a", "b"}, x.in("a"))
	x.Remove("a", nil)
	require.ElementsMatch(t, []string{"b"}, x.in("a"))
}

func TestRemoved(t *testing.T) {
	x := populate()
	require.ElementsMatch(t, []string{"a", "x", "y"}, x.Remove("a", nil))
	require.Nil(t, x.Remove("a", nil))
	x.join("a", "x", "z")
	require.Nil(t, x.Rooms("a"))
	require.ElementsMatch(t, []string{"b"}, x.in("x"))
	require.Empty(t, x.in("z"))
	require.ElementsMatch(t, []string{"b", "c", "d"}, x.selected(nil, nil))
}

func TestChanges(t *testing.T) {
	x := populate()
	var changes []rooms.Change
	wants := func(want ...rooms.Change) {
		t.Helper()
		require.ElementsMatch(t, want, changes)
		changes = nil
	}
	x.Join("d", []string{"x", "new", "d", "new"}, &changes)
	wants(rooms.Change{Room: "x"}, rooms.Change{Room: "new", Edge: true})
	x.Join("d", []string{"x"}, &changes)
	wants()
	x.Leave("d", []string{"x", "new", "d", "never"}, &changes)
	wants(rooms.Change{Room: "x"}, rooms.Change{Room: "new", Edge: true})
	x.Remove("b", &changes)
	wants(rooms.Change{Room: "x"})
	x.Remove("a", &changes)
	wants(rooms.Change{Room: "x", Edge: true}, rooms.Change{Room: "y"})
}

func TestSelectionsAreKept(t *testing.T) {
	x := populate()
	all, _ := x.Select(nil, nil)
	room, _ := x.Select([]string{"x"}, nil)
	before := fmt.Sprint(all, room)
	x.join("d", "x")
	x.leave("b", "x")
	x.Remove("a", nil)
	x.Add("e", "e")
	x.Select(nil, nil)
	x.Select([]string{"x"}, nil)
	require.Equal(t, before, fmt.Sprint(all, room))
}

func TestConcurrency(t *testing.T) {
	x := new(index)
	x.Add("stay", "stay")
	x.join("stay", "x")
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 200 {
				id := fmt.Sprint(worker, "-", i)
				x.Add(id, id)
				x.join(id, "x", id+"y")
				x.Select([]string{"x", "stay"}, []string{id})
				x.Select([]string{"x"}, nil)
				x.leave(id, "x")
				x.Remove(id, nil)
			}
		})
	}
	wg.Wait()
	require.Equal(t, []string{"stay"}, x.selected(nil, nil))
	require.Equal(t, []string{"stay"}, x.in("x"))
}
