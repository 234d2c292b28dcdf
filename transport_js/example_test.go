//go:build js

package transportjs_test

import (
	"context"
	"fmt"
	"time"

	"github.com/isosocket/isosocket/transport"
	transportjs "github.com/isosocket/isosocket/transport_js"
)

// A page that talks to another origin has to say that its requests carry cookies.
func ExamplePlatform() {
	platform := transportjs.Platform(&transportjs.Config{Credentials: "include"})
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn, err := platform.Dialer.Dial(ctx, "wss://example.com/socket.io/?EIO=4&transport=websocket", 1e6)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close(1000, "")
	if err := conn.Write(ctx, transport.Message{Data: []byte("40")}); err != nil {
		fmt.Println(err)
	}
}

func ExamplePlatform_watch() {
	platform := transportjs.Platform(nil)
	if platform.Watch == nil {
		return // not in a browser
	}
	stop := platform.Watch(func(signal transport.Signal) {
		if signal == transport.Online {
			fmt.Println("the network is back")
		}
	})
	defer stop()
}
