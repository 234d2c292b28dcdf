//go:build !js

package socketio_test

import (
	"context"
	"fmt"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio"
	"github.com/isosocket/isosocket/socketio/event"
)

// Events declared once serve both ends.
var (
	Moved = event.New[Position]("moved")
	Sum   = event.NewCall[[]int, int]("sum")
)

type Position struct {
	X int `json:"x"`
	Y int `json:"y"`
}

func Example_typed() {
	url, stop := serve(func(io *server.Server) {
		io.OnConnect(func(s *server.Socket) {
			Sum.Handle(s, func(_ context.Context, terms []int) (int, error) {
				total := 0
				for _, term := range terms {
					total += term
				}
				return total, nil
			})
			Moved.On(s, func(_ context.Context, p Position) error {
				return Moved.Emit(s, Position{X: p.Y, Y: p.X})
			})
		})
	})
	defer stop()

	s, err := socketio.New(url, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan struct{})
	Moved.On(s, func(_ context.Context, p Position) error {
		fmt.Printf("moved to %d, %d\n", p.X, p.Y)
		close(done)
		return nil
	})
	ctx, cancel := ask()
	defer cancel()
	if err := s.Connect(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	total, err := Sum.Request(ctx, s, []int{1, 2, 3})
	fmt.Println(total, err)
	if err := Moved.Emit(s, Position{X: 1, Y: 2}); err != nil {
		fmt.Println(err)
	}
	<-done
	// Output:
	// 6 <nil>
	// moved to 2, 1
}
