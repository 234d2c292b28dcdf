package memory_test

import (
	"strconv"
	"testing"

	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/server/adapter/adaptertest"
	"github.com/isosocket/isosocket/server/adapter/memory"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAdapter(t *testing.T) { adaptertest.Test(t, memory.New) }

type deaf string

func (d deaf) ID() string            { return string(d) }
func (deaf) Deliver(*adapter.Packet) {}

// The cost of a join and a leave, and of a broadcast to a small room, is the same
// whatever the number of other rooms.
func BenchmarkRooms(b *testing.B) {
	for _, rooms := range []int{10, 1_000, 100_000} {
		a := memory.New("/")
		for i := range rooms {
			id := strconv.Itoa(i)
			a.Add(deaf(id))
			a.Join(id, "room "+id)
		}
		a.Add(deaf("me"))
		a.Join("me", "room 0")
		b.Run("join and leave/rooms="+strconv.Itoa(rooms), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a.Join("me", "room 5")
				a.Leave("me", "room 5")
			}
		})
		b.Run("broadcast/rooms="+strconv.Itoa(rooms), func(b *testing.B) {
			b.ReportAllocs()
			p, target := new(adapter.Packet), adapter.Target{Rooms: []string{"room 0"}}
			for b.Loop() {
				a.Broadcast(p, target)
			}
		})
		b.Run("broadcast to others/rooms="+strconv.Itoa(rooms), func(b *testing.B) {
			b.ReportAllocs()
			p, target := new(adapter.Packet), adapter.Target{Rooms: []string{"room 0"}, Except: []string{"me"}}
			for b.Loop() {
				a.Broadcast(p, target)
			}
		})
	}
}
