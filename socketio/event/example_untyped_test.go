package event_test

import (
	"context"
	"fmt"

	"github.com/isosocket/isosocket/socketio/event"
)

func ExampleMessage() {
	client, server := newPair()

	server.On("add", func(ctx context.Context, m *event.Message) error {
		var a, b int
		if err := m.Decode(&a, &b); err != nil {
			return err
		}
		return m.Ack(a+b, []byte("a receipt"))
	})

	reply, err := client.Request(context.Background(), "add", 1, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	var sum int
	var receipt any // receives float64, string, []any, map[string]any, []byte …
	err = reply.Decode(&sum, &receipt)
	fmt.Printf("%d %s %v\n", sum, receipt, err)
	// Output: 3 a receipt <nil>
}
