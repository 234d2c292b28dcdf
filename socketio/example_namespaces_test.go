//go:build !js

package socketio_test

import (
	"context"
	"fmt"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio"
	"github.com/isosocket/isosocket/socketio/event"
)

func ExampleManager() {
	url, stop := serve(func(io *server.Server) {
		for _, name := range []string{"/news", "/chat"} {
			io.Of(name).OnConnect(func(s *server.Socket) {
				s.On("where", func(_ context.Context, m *event.Message) error { return m.Ack(s.Namespace().Name()) })
			})
		}
	})
	defer stop()
	ctx, cancel := ask()
	defer cancel()

	m, err := socketio.NewManager(url, nil) // one connection
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	for _, name := range []string{"/news", "/chat"} {
		s, err := m.Socket(name, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := s.Connect(ctx); err != nil {
			fmt.Println(err)
			return
		}
		reply, err := s.Request(ctx, "where")
		if err != nil {
			fmt.Println(err)
			return
		}
		var text string
		if err := reply.Decode(&text); err != nil {
			fmt.Println(err)
		}
		fmt.Println(text)
	}
	// Output:
	// /news
	// /chat
}
