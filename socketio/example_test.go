//go:build !js

package socketio_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio"
	"github.com/isosocket/isosocket/socketio/event"
)

// serve starts a server on this machine for an example.
func serve(configure func(io *server.Server)) (url string, stop func()) {
	io := server.New(nil)
	configure(io)
	s := httptest.NewServer(io)
	return s.URL, func() {
		io.Close()
		s.Close()
	}
}

// ask bounds an example.
func ask() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 30*time.Second)
}

func Example() {
	url, stop := serve(func(io *server.Server) {
		io.OnConnect(func(s *server.Socket) {
			s.On("greet", func(_ context.Context, m *event.Message) error {
				var name string
				if err := m.Decode(&name); err != nil {
					return err
				}
				return s.Emit("greeting", "hello, "+name)
			})
		})
	})
	defer stop()

	s, err := socketio.New(url, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan struct{})
	s.On("greeting", func(_ context.Context, m *socketio.Message) error {
		defer close(done)
		var text string
		if err := m.Decode(&text); err != nil {
			return err
		}
		fmt.Println(text)
		return nil
	})
	ctx, cancel := ask()
	defer cancel()
	if err := s.Connect(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	if err := s.Emit("greet", "world"); err != nil {
		fmt.Println(err)
		return
	}
	<-done
	// Output: hello, world
}
