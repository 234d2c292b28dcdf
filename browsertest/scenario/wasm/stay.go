//go:build js

package main

import (
	"context"
	"syscall/js"
	"time"

	"github.com/isosocket/isosocket/socketio"
)

// stay keeps a connection until the page calls finish.
func stay(ctx context.Context, url string, transports []string) error {
	log := js.Global().Get("Array").New()
	js.Global().Set("log", log)
	note := func(line string) { log.Call("push", line) }

	finished := make(chan struct{})
	finish := js.FuncOf(func(js.Value, []js.Value) any {
		close(finished)
		return nil
	})
	defer finish.Release()
	js.Global().Set("finish", finish)

	socket, err := socketio.New(url, &socketio.Options{
		Transports: transports,
		// So late that a reconnection within the test is not one of the timer's.
		ReconnectionDelay:    time.Hour,
		ReconnectionDelayMax: time.Hour,
	})
	if err != nil {
		return err
	}
	defer socket.Close()
	socket.OnConnect(func() { note("connected") })
	socket.OnDisconnect(func(reason socketio.Reason, _ error) { note(string(reason)) })
	if err := socket.Connect(ctx); err != nil {
		return err
	}
	<-finished
	return nil
}
