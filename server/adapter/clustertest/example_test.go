package clustertest_test

import (
	"context"
	"fmt"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/server/adapter/clustertest"
	"github.com/isosocket/isosocket/socketio/event"
)

// Two servers of one process, as a test of an application may want them.
func ExampleNew() {
	nodes := clustertest.New(2)
	one := server.New(&server.Options{Adapter: nodes[0]})
	defer one.Close()
	two := server.New(&server.Options{Adapter: nodes[1]})
	defer two.Close()

	two.OnServer("how many?", func(_ context.Context, m *event.Message) error {
		return m.Ack(len(two.Sockets()))
	})
	for reply, err := range one.ServerRequest(context.Background(), "how many?") {
		if err != nil {
			fmt.Println(err)
			continue
		}
		var sockets int
		if err := reply.Message.Decode(&sockets); err != nil {
			fmt.Println(err)
		}
		fmt.Printf("server %s has %d sockets\n", reply.Node, sockets)
	}
	// Output:
	// server 2 has 0 sockets
}
