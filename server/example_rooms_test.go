package server_test

import (
	"context"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
)

// A socket joins rooms by name. To of a socket leaves the socket itself out.
func Example_rooms() {
	sio := server.New(nil)
	defer sio.Close()
	sio.OnConnect(func(s *server.Socket) {
		s.On("enter", func(_ context.Context, m *event.Message) error {
			var room string
			if err := m.Decode(&room); err != nil {
				return err
			}
			s.Join(room)
			if err := s.To(room).Emit("entered", room); err != nil {
				return err
			}
			return m.Ack("welcome")
		})
	})

	first, second := connectTo(sio, ""), connectTo(sio, "")
	first.send(`421["enter","garden"]`)
	first.receive(2)
	second.send(`421["enter","garden"]`)
	first.receive(1)
	second.receive(2)
	sio.To("garden").Except("lobby").Emit("news", "it rains")
	second.receive(1)
	// Output:
	// 40{…}
	// 431["welcome"]
	// 42["entered","garden"]
	// 40{…}
	// 431["welcome"]
	// 42["news","it rains"]
}
