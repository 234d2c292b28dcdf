package memory_test

import (
	"fmt"

	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/server/adapter/memory"
)

// member stands for a server's socket.
type member string

func (m member) ID() string                { return string(m) }
func (m member) Deliver(p *adapter.Packet) { fmt.Printf("%s gets %s\n", m, p.Data) }

func Example() {
	rooms := memory.New("/")
	for _, m := range []member{"ada", "grace", "linus"} {
		rooms.Add(m)
	}
	rooms.Join("ada", "pioneers")
	rooms.Join("grace", "pioneers")

	p := &adapter.Packet{}
	p.Data = []byte(`["news"]`)
	_ = rooms.Broadcast(p, adapter.Target{Rooms: []string{"pioneers"}, Except: []string{"ada"}})
	// Output:
	// grace gets ["news"]
}
