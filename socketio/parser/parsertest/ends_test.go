//go:build !js

package parsertest_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/socketio/parser/parsertest"
)

type file struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

var (
	shared = event.New[file]("shared")
	store  = event.NewCall[file, int]("store")
	ask    = event.NewCall[string, []byte]("ask")
)

// Both ends speak a format, whichever it is, over every transport.
func TestBothEnds(t *testing.T) {
	for name, f := range map[string]parser.Format{"JSON": nil, "masked": parsertest.Masked{}} {
		for _, transports := range [][]string{{"polling"}, {"websocket"}, {"polling", "websocket"}} {
			t.Run(name+" "+transports[0]+transports[len(transports)-1], func(t *testing.T) { bothEnds(t, f, transports) })
		}
	}
}

func bothEnds(t *testing.T, f parser.Format, transports []string) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // when a test counts as stuck
	defer cancel()
	io := server.New(&server.Options{Format: f, Logger: slog.New(slog.DiscardHandler)})
	h := httptest.NewServer(io)
	defer h.Close()
	defer io.Close()
	sockets := make(chan *server.Socket, 1)
	io.Use(func(_ context.Context, s *server.Socket) error {
		var auth struct {
			Token string `json:"token"`
		}
		if err := s.Handshake().DecodeAuth(&auth); err != nil || auth.Token != "t" {
			return &server.ConnectError{Message: "log in", Data: file{Name: "why"}}
		}
		return nil
	})
	io.OnConnect(func(s *server.Socket) {
		store.Handle(s, func(_ context.Context, f file) (int, error) {
			if f.Name == "" {
				return 0, &event.AckError{Message: "no name", Data: f}
			}
			return len(f.Data), shared.Emit(io, f)
		})
		sockets <- s
	})

	stranger, err := socketio.New(h.URL, &socketio.Options{Format: f, Transports: transports})
	require.NoError(t, err)
	defer stranger.Close()
	var refused *event.ConnectError
	require.ErrorAs(t, stranger.Connect(ctx), &refused)
	require.Equal(t, "log in", refused.Message)
	var why file
	require.NoError(t, refused.Decode(&why))
	require.Equal(t, "why", why.Name)

	client, err := socketio.New(h.URL, &socketio.Options{Format: f, Transports: transports, Auth: func(context.Context) (any, error) {
		return map[string]string{"token": "t"}, nil
	}})
	require.NoError(t, err)
	defer client.Close()
	files := make(chan file, 1)
	shared.On(client, func(_ context.Context, f file) error { files <- f; return nil })
	ask.Handle(client, func(_ context.Context, question string) ([]byte, error) { return []byte(question), nil })
	require.NoError(t, client.Connect(ctx))

	sent := file{"a.png", []byte{0, 1, 2}}
	size, err := store.Request(ctx, client, sent)
	require.NoError(t, err)
	require.Equal(t, 3, size)
	require.Equal(t, sent, <-files)
	_, err = store.Request(ctx, client, file{Data: []byte("d")})
	var answered *event.AckError
	require.ErrorAs(t, err, &answered)
	var back file
	require.NoError(t, answered.Decode(&back))
	require.Equal(t, "no name", answered.Message)
	require.Equal(t, "d", string(back.Data))

	answer, err := ask.Request(ctx, <-sockets, "why?")
	require.NoError(t, err)
	require.Equal(t, "why?", string(answer))
	for reply, err := range io.Request(ctx, "ask", "all") {
		require.NoError(t, err)
		var data []byte
		require.NoError(t, reply.Message.Decode(&data))
		require.Equal(t, "all", string(data))
	}
}
