package engineclient_test

import (
	"context"
	"fmt"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	engineclient "github.com/isosocket/isosocket/transport/engineio/client"
	"github.com/isosocket/isosocket/transport/transporttest"
)

// A client on a runtime of its own making: the server's end of an in-memory pipe is
// the other half of the example.
func ExampleOpen() {
	listener := transporttest.Listen(0)
	go func() { // ends with the example
		conn, _, err := listener.Accept(context.Background())
		if err != nil {
			return
		}
		handshake := engineio.Handshake{SID: "s", PingInterval: 25e9, PingTimeout: 20e9}
		_ = conn.Write(context.Background(), handshake.Encode())
		m, _ := conn.Read(context.Background())
		fmt.Printf("the server reads %q\n", m.Data)
		_ = conn.Write(context.Background(), transport.Message{Data: []byte("4world")})
		_ = conn.Close(1001, "restart")
	}()

	s, err := engineclient.Open(context.Background(), engineclient.Options{
		URL:        "http://server/engine.io/",
		Transports: []engineio.Transport{engineio.WebSocket},
		Dialer:     listener,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := s.Send([]transport.Message{{Data: []byte("hello")}}, engineclient.Ordinary); err != nil {
		fmt.Println(err)
	}
	reason, err := s.Serve(func(m transport.Message) { fmt.Printf("the client reads %q\n", m.Data) })
	fmt.Println(reason, err)
	// Output:
	// the server reads "4hello"
	// the client reads "world"
	// transport close engineio: read: transport: closed by peer with code 1001: restart
}
