package event_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/isosocket/isosocket/socketio/event"
)

type (
	JoinRequest struct{ Room string }
	Members     []string
)

var Join = event.NewCall[JoinRequest, Members]("join")

func ExampleCall() {
	client, server := newPair()

	Join.Handle(server, func(ctx context.Context, r JoinRequest) (Members, error) {
		if r.Room != "lobby" {
			return nil, &event.AckError{Message: "no such room", Data: r.Room}
		}
		return Members{"ada", "grace"}, nil
	})

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	fmt.Println(Join.Request(ctx, client, JoinRequest{"lobby"}))

	_, err := Join.Request(ctx, client, JoinRequest{"attic"})
	var refused *event.AckError
	if errors.As(err, &refused) {
		var room string
		err = refused.Decode(&room)
		fmt.Println(refused.Message, room, err)
	}
	// Output:
	// [ada grace] <nil>
	// no such room attic <nil>
}
