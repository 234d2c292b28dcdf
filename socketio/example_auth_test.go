//go:build !js

package socketio_test

import (
	"context"
	"fmt"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio"
)

func ExampleOptions_auth() {
	url, stop := serve(func(io *server.Server) {
		io.Use(func(_ context.Context, s *server.Socket) error {
			var credentials struct {
				Token string `json:"token"`
			}
			if err := s.Handshake().DecodeAuth(&credentials); err != nil || credentials.Token != "secret" {
				return &server.ConnectError{Message: "wrong token"}
			}
			return nil
		})
	})
	defer stop()
	ctx, cancel := ask()
	defer cancel()

	for _, token := range []string{"guess", "secret"} {
		s, err := socketio.Dial(ctx, url, &socketio.Options{
			Auth: func(context.Context) (any, error) { // asked again at every reconnection
				return map[string]string{"token": token}, nil
			},
		})
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println("connected:", s.Connected())
		s.Close()
	}
	// Output:
	// socketio: connect to /: event: connection to namespace / refused: wrong token
	// connected: true
}
