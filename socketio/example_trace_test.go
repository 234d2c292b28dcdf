//go:build !js

package socketio_test

import (
	"fmt"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio"
)

func ExampleTrace() {
	url, stop := serve(func(*server.Server) {})
	defer stop()
	ctx, cancel := ask()
	defer cancel()

	upgraded := make(chan struct{})
	s, err := socketio.Dial(ctx, url, &socketio.Options{Trace: &socketio.Trace{
		Connecting:      func(attempt int) { fmt.Println("attempt", attempt) },
		TransportOpened: func(_, transport string) { fmt.Println("open:", transport) },
		Upgraded: func(transport string) {
			fmt.Println("upgraded:", transport)
			close(upgraded)
		},
		Closed: func(reason socketio.Reason, _ error) { fmt.Println("closed:", reason) },
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	<-upgraded
	s.Close()
	// Output:
	// attempt 0
	// open: polling
	// upgraded: websocket
	// closed: io client disconnect
}
