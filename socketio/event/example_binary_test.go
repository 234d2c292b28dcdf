package event_test

import (
	"context"
	"fmt"

	"github.com/isosocket/isosocket/socketio/event"
)

type File struct {
	Name  string            `json:"name"`
	Data  []byte            `json:"data"`
	Sizes map[string][]byte `json:"sizes,omitempty"`
}

func ExampleEvent_binary() {
	client, server := newPair()
	uploaded := event.New[File]("uploaded")

	uploaded.On(server, func(ctx context.Context, f File) error {
		fmt.Printf("%s: %d bytes, thumbnail of %d\n", f.Name, len(f.Data), len(f.Sizes["thumbnail"]))
		return nil
	})
	_ = uploaded.Emit(client, File{
		Name:  "cat.png",
		Data:  make([]byte, 2000),
		Sizes: map[string][]byte{"thumbnail": make([]byte, 100)},
	})
	fmt.Printf("%s\n", client.Sent[0].Data) // what went over the wire before two binary messages
	// Output:
	// cat.png: 2000 bytes, thumbnail of 100
	// 52-["uploaded",{"name":"cat.png","data":{"_placeholder":true,"num":0},"sizes":{"thumbnail":{"_placeholder":true,"num":1}}}]
}
