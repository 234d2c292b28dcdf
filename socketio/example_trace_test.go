//go:build !js

package socketio_test

import (
	"context"
	"fmt"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio"
)

// A trace counts, logs, or feeds a status line.
func ExampleManager_AddTrace() {
	url, stop := serve(func(*server.Server) {})
	defer stop()
	ctx, cancel := ask()
	defer cancel()

	s, err := socketio.New(url, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	upgraded := make(chan struct{})
	s.Manager().AddTrace(&socketio.Trace{
		Connecting:    func(attempt int) { fmt.Println("attempt", attempt) },
		SessionOpened: func(s socketio.Session) { fmt.Println("open:", s.Transport()) },
		SessionUpgraded: func(s socketio.Session) {
			fmt.Println("upgraded:", s.Transport())
			close(upgraded)
		},
		SessionClosed: func(_ socketio.Session, reason socketio.Reason, _ error) { fmt.Println("closed:", reason) },
	})
	if err := s.Connect(ctx); err != nil {
		fmt.Println(err)
		return
	}
	<-upgraded
	if err := s.Shutdown(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// attempt 0
	// open: polling
	// upgraded: websocket
	// closed: io client disconnect
}
