//go:build !js

package socketio_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio"
	"github.com/isosocket/isosocket/socketio/event"
)

func ExampleSocket_Request() {
	url, stop := serve(func(io *server.Server) {
		io.OnConnect(func(s *server.Socket) {
			s.On("open", func(_ context.Context, m *event.Message) error {
				return &event.AckError{Message: "the door is locked"}
			})
			s.On("ignore", func(context.Context, *event.Message) error { return nil })
		})
	})
	defer stop()
	ctx, cancel := ask()
	defer cancel()
	s, err := socketio.Dial(ctx, url, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()

	_, err = s.Request(ctx, "open")
	var refused *socketio.AckError
	fmt.Println(errors.As(err, &refused), refused.Message)

	soon, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	_, err = s.Request(soon, "ignore")
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	// Output:
	// true the door is locked
	// true
}
