package server_test

import (
	"context"

	"github.com/isosocket/isosocket/server"
)

// A middleware refuses a connection with an error. The client gets to see the Message
// and the Data of a ConnectError; of any other error it sees nothing.
func ExampleServer_Use() {
	sio := server.New(nil)
	defer sio.Close()
	sio.Use(func(_ context.Context, s *server.Socket) error {
		var auth struct {
			Token string `json:"token"`
		}
		if err := s.Handshake().DecodeAuth(&auth); err != nil || auth.Token != "secret" {
			return &server.ConnectError{Message: "who are you?", Data: map[string]int{"code": 401}}
		}
		s.SetData("a friend")
		return nil
	})

	connectTo(sio, `{"token":"wrong"}`).receive(1)
	connectTo(sio, `{"token":"secret"}`).receive(1)
	// Output:
	// 44{"message":"who are you?","data":{"code":401}}
	// 40{…}
}
