package server_test

import (
	"context"
	"fmt"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/server/adapter/clustertest"
)

// Two servers that an adapter connects, here one for servers of the same process. What
// is sent to a room reaches the sockets of both.
func Example_severalServers() {
	nodes := clustertest.New(2)
	var clients [2]*exampleClient
	var servers [2]*server.Server
	for i, node := range nodes {
		sio := server.New(&server.Options{Adapter: node})
		defer sio.Close()
		connected := make(chan struct{})
		sio.OnConnect(func(s *server.Socket) {
			s.SetData(fmt.Sprintf("guest %d", i))
			s.Join("garden")
			close(connected)
		})
		servers[i], clients[i] = sio, connectTo(sio, "")
		<-connected
		clients[i].receive(1)
	}

	if err := servers[0].To("garden").Emit("news", "it rains"); err != nil {
		fmt.Println(err)
	}
	if err := servers[0].Of("/").Sync(context.Background()); err != nil {
		fmt.Println(err)
	}
	for _, c := range clients {
		c.receive(1)
	}
	for s, err := range servers[1].To("garden").Fetch(context.Background()) {
		var name string
		if err == nil {
			err = s.DecodeData(&name)
		}
		fmt.Println(name, err)
	}
	// Output:
	// 40{…}
	// 40{…}
	// 42["news","it rains"]
	// 42["news","it rains"]
	// guest 1 <nil>
	// guest 0 <nil>
}
