package world

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/transport/transporttest"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

// onLine plays a client of a server with its defaults, but for the pings, on a line that
// carries so many bytes a second. The client must not be disconnected.
func onLine(t *testing.T, rate int, name string, play func(t *testing.T, sio *server.Server, c *socketio.Socket)) {
	t.Run(fmt.Sprintf("%s at %d KB a second", name, rate/1000), func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			network := transporttest.NewNetwork(1)
			network.Rate = rate
			listener, err := network.Listen(serverAddress)
			require.NoError(t, err)
			sio := server.New(&server.Options{PingInterval: 2 * time.Second, Logger: slog.New(slog.DiscardHandler)})
			httpServer := &http.Server{Handler: sio}
			served := make(chan struct{})
			go func() {
				defer close(served)
				_ = httpServer.Serve(listener)
			}()
			client := &http.Client{Transport: &http.Transport{DialContext: network.Dial}}
			c, err := socketio.New("http://"+serverAddress, &socketio.Options{
				Transports: []string{name},
				Platform:   transportnative.Platform(&transportnative.Config{HTTPClient: client}),
			})
			require.NoError(t, err)
			c.OnDisconnect(func(reason socketio.Reason, err error) {
				if reason != socketio.ClientDisconnect {
					t.Errorf("disconnected: %s: %v", reason, err)
				}
			})
			play(t, sio, c)
			require.NoError(t, c.Shutdown(t.Context()))
			require.NoError(t, sio.Shutdown(t.Context()))
			client.CloseIdleConnections()
			require.NoError(t, httpServer.Close())
			<-served
			time.Sleep(forgotten) // connections linger
			require.Zero(t, network.Open())
		})
	})
}

// What is large takes long on a slow line, down and up, and the heartbeat behind it waits.
func TestSlowLine(t *testing.T) {
	picture := event.New[[]byte]("picture")
	done := event.NewCall[struct{}, int]("done")
	for _, name := range []string{"polling", "websocket"} {
		for _, test := range []struct{ rate, size, count int }{
			{50_000, 900_000, 1},
			{300_000, 900_000, 9},
			{8_000, 100_000, 2},
		} {
			onLine(t, test.rate, name, func(t *testing.T, sio *server.Server, c *socketio.Socket) {
				up := make(chan int, 1)
				sio.OnConnect(func(s *server.Socket) {
					received := 0
					picture.On(s, func(_ context.Context, data []byte) error {
						received += len(data)
						return nil
					})
					done.Handle(s, func(context.Context, struct{}) (int, error) {
						up <- received
						return received, nil
					})
					for range test.count {
						require.NoError(t, picture.Emit(s, make([]byte, test.size)))
					}
				})
				down := make(chan int, test.count)
				picture.On(c, func(_ context.Context, data []byte) error {
					down <- len(data)
					return nil
				})
				require.NoError(t, c.Connect(t.Context()))
				for range test.count {
					require.Equal(t, test.size, <-down)
				}
				size := test.size * 3 / 4 // which a request has room for, as base64
				for range test.count {
					require.NoError(t, picture.Emit(c, make([]byte, size)))
				}
				n, err := done.Request(t.Context(), c, struct{}{})
				require.NoError(t, err)
				require.Equal(t, test.count*size, n)
				require.Equal(t, n, <-up)
			})
		}
	}
}

// An orderly end waits for what was accepted before it, as long as that moves.
func TestGoodbyeOnASlowLine(t *testing.T) {
	picture := event.New[[]byte]("picture")
	for _, name := range []string{"polling", "websocket"} {
		onLine(t, 30_000, name, func(t *testing.T, sio *server.Server, c *socketio.Socket) {
			left := make(chan int, 1)
			sio.OnConnect(func(s *server.Socket) {
				received := 0
				picture.On(s, func(_ context.Context, data []byte) error {
					received += len(data)
					return nil
				})
				s.OnDisconnect(func(event.Reason) { left <- received })
			})
			require.NoError(t, c.Connect(t.Context()))
			for range 3 {
				require.NoError(t, picture.Emit(c, make([]byte, 700_000)))
			}
			begin := time.Now()
			require.NoError(t, c.Shutdown(t.Context()))
			require.Greater(t, time.Since(begin), time.Minute)
			require.Equal(t, 3*700_000, <-left)
		})
	}
}
