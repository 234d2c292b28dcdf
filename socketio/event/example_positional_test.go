package event_test

import (
	"context"
	"fmt"

	"github.com/isosocket/isosocket/socketio/event"
)

// Move is what JavaScript sends with emit("move", x, y, label).
type Move struct {
	event.Positional
	X, Y  int
	Label string
}

func ExamplePositional() {
	client, server := newPair()
	moved := event.New[Move]("move")

	moved.On(server, func(ctx context.Context, m Move) error {
		fmt.Printf("to %d,%d %q\n", m.X, m.Y, m.Label)
		return nil
	})
	_ = moved.Emit(client, Move{X: 1, Y: 2, Label: "fast"})
	_ = client.Emit("move", 3, 4) // the same event without its declaration, and without a label
	// Output:
	// to 1,2 "fast"
	// to 3,4 ""
}
