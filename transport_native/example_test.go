//go:build !js

package transportnative_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/isosocket/isosocket/transport"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

// A server answers on the connections it accepts, and a client dials one.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := transportnative.Accept(w, r, transportnative.AcceptOptions{MaxMessage: 1e6})
		if err != nil {
			return // the request has been answered
		}
		go func() { // so that the handler returns, and what it holds is released
			m, err := conn.Read(context.Background())
			if err == nil {
				_ = conn.Write(context.Background(), transport.Message{Data: []byte("you said " + string(m.Data))})
			}
			_ = conn.Close(1000, "that is all")
		}()
	}))
	defer server.Close()

	ctx := context.Background()
	platform := transportnative.Platform(nil)
	conn, err := platform.Dialer.Dial(ctx, strings.Replace(server.URL, "http", "ws", 1), 1e6)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := conn.Write(ctx, transport.Message{Data: []byte("hello")}); err != nil {
		fmt.Println(err)
		return
	}
	for {
		m, err := conn.Read(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(string(m.Data))
	}
	// Output:
	// you said hello
	// transport: closed by peer with code 1000: that is all
}
