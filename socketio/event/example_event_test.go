package event_test

import (
	"context"
	"fmt"

	"github.com/isosocket/isosocket/socketio/event"
)

type Post struct {
	Author string `json:"author"`
	Text   string `json:"text"`
}

// Posted would be declared in a package that both ends import.
var Posted = event.New[Post]("posted")

func ExampleEvent() {
	client, server := newPair() // two sockets, joined in memory

	Posted.On(server, func(ctx context.Context, p Post) error {
		fmt.Println(p.Author, "says", p.Text)
		return nil
	})
	if err := Posted.Emit(client, Post{"ada", "hello"}); err != nil {
		fmt.Println(err)
	}
	// Output: ada says hello
}
