package rooms_test

import (
	"strconv"
	"testing"

	"github.com/isosocket/isosocket/server/internal/rooms"
)

// deaf is a member that a broadcast costs a call.
type deaf struct{ id string }

//go:noinline
func (*deaf) deliver() {}

// The cost of a join and a leave, and of a broadcast to a small room, is the same
// whatever the number of other rooms.
func BenchmarkRooms(b *testing.B) {
	for _, count := range []int{10, 1_000, 100_000} {
		var x rooms.Index[*deaf]
		for i := range count {
			id := strconv.Itoa(i)
			x.Add(id, &deaf{id})
			x.Join(id, []string{"room " + id}, nil)
		}
		x.Add("me", &deaf{"me"})
		x.Join("me", []string{"room 0"}, nil)
		room0, room5 := []string{"room 0"}, []string{"room 5"}
		broadcast := func(except []string) {
			list, out := x.Select(room0, except)
			for _, m := range list {
				if !out.Has(m) {
					m.deliver()
				}
			}
		}
		b.Run("join and leave/rooms="+strconv.Itoa(count), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x.Join("me", room5, nil)
				x.Leave("me", room5, nil)
			}
		})
		b.Run("broadcast/rooms="+strconv.Itoa(count), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				broadcast(nil)
			}
		})
		b.Run("broadcast to others/rooms="+strconv.Itoa(count), func(b *testing.B) {
			b.ReportAllocs()
			except := []string{"me"}
			for b.Loop() {
				broadcast(except)
			}
		})
	}
}
