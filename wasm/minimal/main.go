//go:build js

// Program minimal is the smallest chat client: it connects to the server of its
// page, sends one event and receives one. `make wasm` tells what that costs.
package main

import (
	"context"

	"github.com/isosocket/isosocket/socketio"
	"github.com/isosocket/isosocket/socketio/event"
)

type message struct {
	Text string `json:"text"`
}

var (
	post   = event.New[message]("post")
	posted = event.New[message]("posted")
)

func main() {
	socket, err := socketio.New("/", nil)
	if err != nil {
		println(err.Error())
		return
	}
	received := make(chan string)
	posted.On(socket, func(_ context.Context, m message) error {
		received <- m.Text
		return nil
	})
	if err := socket.Connect(context.Background()); err != nil {
		println(err.Error())
		return
	}
	if err := post.Emit(socket, message{Text: "hello"}); err != nil {
		println(err.Error())
	}
	for text := range received {
		println(text)
	}
}
