//go:build !js

package engineserver_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	engineclient "github.com/isosocket/isosocket/transport/engineio/client"
	engineserver "github.com/isosocket/isosocket/transport/engineio/server"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

// shouting answers every message in capitals, and ends the session after "bye".
type shouting struct{ session *engineserver.Session }

func (s shouting) Receive(m transport.Message) {
	for i, c := range m.Data { // the receiver owns it
		if c >= 'a' && c <= 'z' {
			m.Data[i] = c - 'a' + 'A'
		}
	}
	_ = s.session.Send([]transport.Message{m}, engineserver.Ordinary) // an error says that the session has ended
	if string(m.Data) == "BYE" {
		s.session.Close() // once the answer has left
	}
}

func (shouting) Expire()                       {}
func (shouting) Closed(engineio.Reason, error) {}

// Engine.IO by itself: a server, and a client that talks to it.
func Example() {
	server := engineserver.New(engineserver.Options{
		Open: func(s *engineserver.Session, _ *http.Request) engineserver.Receiver { return shouting{s} },
	})
	defer server.Close()
	h := httptest.NewServer(server)
	defer h.Close()

	platform := transportnative.Platform(nil)
	s, err := engineclient.Open(context.Background(), engineclient.Options{
		URL:          h.URL + "/engine.io/",
		Dialer:       platform.Dialer,
		RoundTripper: platform.RoundTripper,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{"hello", "bye"} {
		if err := s.Send([]transport.Message{{Data: []byte(text)}}, engineclient.Ordinary); err != nil {
			fmt.Println(err)
		}
	}
	reason, _ := s.Serve(func(m transport.Message) { fmt.Println(string(m.Data)) })
	fmt.Println(reason)
	// Output:
	// HELLO
	// BYE
	// transport close
}
