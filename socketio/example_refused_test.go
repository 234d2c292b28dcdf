//go:build !js

package socketio_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio"
)

func ExampleSocket_Connect_refused() {
	url, stop := serve(func(io *server.Server) {
		io.Of("/admin").Use(func(_ context.Context, s *server.Socket) error {
			return &server.ConnectError{Message: "log in first", Data: map[string]int{"code": 42}}
		})
	})
	defer stop()
	ctx, cancel := ask()
	defer cancel()

	_, err := socketio.Dial(ctx, url+"/admin", nil)
	var refused *socketio.ConnectError
	if errors.As(err, &refused) {
		var data struct {
			Code int `json:"code"`
		}
		err := refused.Decode(&data)
		fmt.Println(refused.Namespace, refused.Message, data.Code, err)
	}
	// Output: /admin log in first 42 <nil>
}
