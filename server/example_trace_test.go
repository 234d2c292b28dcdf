package server_test

import (
	"context"
	"fmt"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
)

// A trace counts, logs, or measures how long handlers take.
func ExampleServer_AddTrace() {
	sio := server.New(nil)
	defer sio.Close()
	done := make(chan struct{})
	sio.AddTrace(&server.Trace{
		Connected:   func(s *server.Socket) { fmt.Println("connected on", s.Transport()) },
		RoomCreated: func(_ *server.Namespace, room string) { fmt.Println("new room", room) },
		Handling: func(ctx context.Context, s *server.Socket, m *event.Message) (context.Context, func(error)) {
			fmt.Println("begin", m.Name())
			return ctx, func(err error) {
				fmt.Println("end", m.Name(), err)
				close(done)
			}
		},
	})
	sio.OnConnect(func(s *server.Socket) {
		s.On("enter", func(_ context.Context, m *event.Message) error {
			var room string
			if err := m.Decode(&room); err != nil {
				return err
			}
			s.Join(room)
			return nil
		})
	})

	c := connectTo(sio, "")
	c.send(`42["enter","garden"]`)
	<-done
	// Output:
	// connected on polling
	// begin enter
	// new room garden
	// end enter <nil>
}
