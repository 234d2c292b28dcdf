//go:build js

// Command client is the Go client in the page of `make bench`, see page/clients.js.
//
//	client <url>
//
// It calls the page's functions began, at the start of main, and connected, with a
// function echo(binary, inFlight, count, done): done is called when count events
// have been sent and have come back.
package main

import (
	"context"
	"os"
	"strings"
	"syscall/js"

	"github.com/isosocket/isosocket/socketio"
	"github.com/isosocket/isosocket/socketio/event"
)

var (
	echo = event.New[string]("echo")
	blob = event.New[[]byte]("blob")
)

// The payloads are those of page/clients.js.
var (
	text = strings.Repeat("x", 50)
	data = make([]byte, 50)
)

func main() {
	js.Global().Call("began")
	if err := run(context.Background(), os.Args[1]); err != nil {
		println(err.Error())
		os.Exit(1)
	}
}

// loop is events that go round.
type loop struct {
	binary          bool
	inFlight, count int
	done            js.Value

	sent, received int
	over           chan error
}

func run(ctx context.Context, url string) error {
	socket, err := socketio.New(url, &socketio.Options{Transports: []string{"websocket"}})
	if err != nil {
		return err
	}
	defer socket.Close()

	var l *loop // the current one
	echo.On(socket, func(context.Context, string) error { return l.arrived(socket) })
	blob.On(socket, func(context.Context, []byte) error { return l.arrived(socket) })
	if err := socket.Connect(ctx); err != nil {
		return err
	}

	loops := make(chan *loop, 1)
	start := js.FuncOf(func(_ js.Value, args []js.Value) any {
		loops <- &loop{binary: args[0].Bool(), inFlight: args[1].Int(), count: args[2].Int(), done: args[3], over: make(chan error, 1)}
		return nil
	})
	defer start.Release()
	js.Global().Call("connected", start)
	for l = range loops {
		for range l.inFlight {
			if err := l.send(socket); err != nil {
				return err
			}
		}
		if err := <-l.over; err != nil {
			return err
		}
		l.done.Invoke()
	}
	return nil
}

// arrived lets the next event go for each that has come back.
func (l *loop) arrived(socket *socketio.Socket) error {
	l.received++
	switch {
	case l.received == l.count:
		l.over <- nil
	case l.sent < l.count:
		if err := l.send(socket); err != nil {
			l.over <- err
		}
	}
	return nil
}

func (l *loop) send(socket *socketio.Socket) error {
	l.sent++
	if l.binary {
		return blob.Emit(socket, data)
	}
	return echo.Emit(socket, text)
}
