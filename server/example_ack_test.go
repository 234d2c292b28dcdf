package server_test

import (
	"context"
	"fmt"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
)

// A call declared once, with the types of its question and its answer. The package
// that declares it is imported by client and server.
type division struct {
	Dividend int `json:"dividend"`
	Divisor  int `json:"divisor"`
}

var divide = event.NewCall[division, int]("divide")

// What the handler returns is the acknowledgement. The client learns of an
// *event.AckError, and of no other error.
func Example_ack() {
	sio := server.New(nil)
	defer sio.Close()
	sio.OnConnect(func(s *server.Socket) {
		divide.Handle(s, func(_ context.Context, d division) (int, error) {
			if d.Divisor == 0 {
				return 0, &event.AckError{Message: "division by zero"}
			}
			return d.Dividend / d.Divisor, nil
		})
	})

	c := connectTo(sio, "")
	c.send(`421["divide",{"dividend":12,"divisor":3}]`)
	c.send(`422["divide",{"dividend":12,"divisor":0}]`)
	c.receive(3)
	// Output:
	// 40{…}
	// 431[4]
	// 432[{"error":{"message":"division by zero"}}]
}

// Request asks the client, here inside a handler.
func ExampleSocket_Request() {
	sio := server.New(nil)
	defer sio.Close()
	sio.OnConnect(func(s *server.Socket) {
		s.On("delete", func(ctx context.Context, m *event.Message) error {
			reply, err := s.Request(ctx, "sure?")
			if err != nil {
				return err
			}
			var sure bool
			if err := reply.Decode(&sure); err != nil {
				return err
			}
			return s.Emit("deleted", sure)
		})
	})

	c := connectTo(sio, "")
	c.send(`42["delete"]`)
	c.receive(2)
	c.send(`430[true]`)
	c.receive(1)
	// Output:
	// 40{…}
	// 420["sure?"]
	// 42["deleted",true]
}

// Every socket in a room is asked, and those that have not answered in time are known.
func ExampleBroadcast_Request() {
	sio := server.New(nil)
	defer sio.Close()
	asked := make(chan struct{})
	sio.OnConnect(func(s *server.Socket) {
		s.Join("jury")
		close(asked)
	})
	c := connectTo(sio, "")
	<-asked
	c.receive(1)

	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		c.receive(1)
		cancel() // the time is over
	}()
	for reply, err := range sio.To("jury").Request(ctx, "verdict?") {
		if err != nil {
			fmt.Println("no verdict:", err)
			continue
		}
		var verdict string
		fmt.Println(reply.Message.Decode(&verdict), verdict)
	}
	// Output:
	// 40{…}
	// 420["verdict?"]
	// no verdict: context canceled
}
