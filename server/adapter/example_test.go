package adapter_test

import (
	"fmt"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/server/adapter/memory"
)

// counting is an adapter on top of another.
type counting struct {
	adapter.Adapter
	namespace string
}

func (c counting) Broadcast(p *adapter.Packet, t adapter.Target) error {
	fmt.Println("to", t.Rooms, "of", c.namespace, "goes", string(p.Data))
	return c.Adapter.Broadcast(p, t)
}

func Example() {
	io := server.New(&server.Options{Adapter: func(namespace string) adapter.Adapter {
		return counting{memory.New(namespace), namespace}
	}})
	defer io.Close()
	_ = io.Of("/chat").To("lobby").Emit("posted", "hello")
	// Output:
	// to [lobby] of /chat goes ["posted","hello"]
}
