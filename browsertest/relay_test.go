package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser/parsertest"
	"github.com/isosocket/isosocket/transport"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

// TestRelay has a client send what it likes to a server that sends everything on to
// everybody. Nobody but the sender is ever disconnected.
func TestRelay(t *testing.T) {
	for _, transports := range []string{"websocket", "polling"} {
		t.Run(transports, func(t *testing.T) { testRelay(t, transports) })
	}
}

func testRelay(t *testing.T, transports string) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var relayed atomic.Int64
	arrived := make(chan *server.Socket, 2)
	sio := server.New(&server.Options{
		OnError: func(*server.Socket, error) {}, // what cannot be sent on
	})
	sio.OnConnect(func(s *server.Socket) {
		var auth struct{ Attacker bool }
		if err := s.Handshake().DecodeAuth(&auth); err != nil || !auth.Attacker {
			s.Join("bystanders")
			arrived <- s
		}
		s.OnAny(func(_ context.Context, m *event.Message) error {
			relayed.Add(int64(sendOn(sio.To("bystanders"), m)))
			return m.Ack()
		})
	})
	h := httptest.NewServer(sio)
	defer h.Close()
	defer sio.Close()

	outcomes := make(chan error, 2)
	go func() {
		var failures []string
		err := runNodeClient(ctx, func(line nodeLine) {
			if line.Failures != nil {
				failures = append(failures, *line.Failures...)
			}
		}, "bystander", h.URL, transports)
		if len(failures) > 0 {
			err = fmt.Errorf("the official client: %q", failures)
		}
		outcomes <- err
	}()
	ours, err := socketio.New(h.URL, &socketio.Options{Transports: []string{transports}, NoReconnect: true})
	require.NoError(t, err)
	defer ours.Close()
	ended := make(chan error, 1)
	ours.OnDisconnect(func(_ socketio.Reason, err error) { ended <- fmt.Errorf("our client: %w", err) })
	done := make(chan error, 1)
	ours.On("done", func(context.Context, *event.Message) error { done <- nil; return nil })
	require.NoError(t, ours.Connect(ctx))
	go func() {
		select {
		case err := <-ended:
			outcomes <- err
		case err := <-done:
			outcomes <- err
		case <-ctx.Done():
			outcomes <- context.Cause(ctx)
		}
	}()
	for range 2 {
		select {
		case <-arrived:
		case err := <-outcomes:
			require.NoError(t, err)
		}
	}

	sent := 0
	for _, argument := range parsertest.Hostile {
		for _, packet := range []string{
			`420["x",` + argument + `]`,
			`420[` + quoted(argument) + `,` + argument + `,{"a":[` + argument + `]}]`,
			`451-0["x",` + argument + `,{"_placeholder":true,"num":0}]`,
			`452-0["x",{"a":` + argument + `,"b":{"_placeholder":true,"num":1,"c":` + argument + `}},{"_placeholder":true,"num":0}]`,
		} {
			if attack(ctx, t, h.URL, packet) {
				sent++
			}
		}
	}
	require.Greater(t, sent, 2*len(parsertest.Hostile))
	require.Greater(t, relayed.Load(), int64(8*len(parsertest.Hostile)))
	require.NoError(t, sio.Emit("done"))
	for range 2 {
		require.NoError(t, <-outcomes)
	}
}

// sendOn emits what is in a message in all the ways there are, and returns how many
// of them were possible.
func sendOn(to event.Emitter, m *event.Message) (emitted int) {
	dynamic, raw := make([]any, m.Len()), make([]json.RawMessage, m.Len())
	var fromDynamic, fromRaw []any
	for i := range dynamic {
		targets := make([]any, m.Len())
		if targets[i] = &dynamic[i]; m.Decode(targets...) == nil {
			fromDynamic = append(fromDynamic, dynamic[i])
		}
		if targets[i] = &raw[i]; m.Decode(targets...) == nil {
			fromRaw = append(fromRaw, raw[i])
		}
	}
	for _, args := range [][]any{fromDynamic, fromRaw} {
		for _, args := range [][]any{
			args,
			append([]any{[]byte("own")}, args...),
			append(args, map[string]any{"own": []byte("own"), "all": args}),
			{struct {
				Own []byte
				All any
			}{[]byte{}, args}},
		} {
			if to.Emit(m.Name(), args...) == nil {
				emitted++
			}
		}
	}
	return emitted
}

func quoted(text string) string {
	name, _ := json.Marshal(text)
	return string(name)
}

// attack sends a packet of an event with the id 0, and what attachments it has, and
// reports whether it was acknowledged. Otherwise the sender has been disconnected.
func attack(ctx context.Context, t *testing.T, url, packet string) (acknowledged bool) {
	conn, err := transportnative.Platform(nil).Dialer.Dial(ctx, "ws"+strings.TrimPrefix(url, "http")+"/socket.io/?EIO=4&transport=websocket", 0)
	require.NoError(t, err)
	defer conn.Close(0, "")
	group := []transport.Message{{Data: []byte(packet)}}
	if packet[1] == '5' {
		for range packet[2] - '0' {
			group = append(group, transport.Message{Data: []byte("its own"), Binary: true})
		}
	}
	for _, answer := range []string{"0", "40"} {
		m, err := conn.Read(ctx)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(m.Data), answer))
		if answer == "0" {
			require.NoError(t, conn.Write(ctx, transport.Message{Data: []byte(`40{"attacker":true}`)}))
		}
	}
	require.NoError(t, conn.Write(ctx, group...))
	m, err := conn.Read(ctx)
	require.NoError(t, ctx.Err())
	return err == nil && string(m.Data) == "430[]"
}

// Two pictures, each of which a server takes, are taken in one event as well, whoever
// sends them.
func TestTwoPictures(t *testing.T) {
	const size = 600_000
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	pictures := []any{make([]byte, size), make([]byte, size)}
	echo := func(_ context.Context, m *event.Message) error {
		var a, b []byte
		if err := m.Decode(&a, &b); err != nil {
			return err
		}
		return m.Ack(a, b)
	}
	request := func(t *testing.T, who event.Requester, name string) {
		reply, err := who.Request(ctx, name, pictures...)
		require.NoError(t, err)
		got := make([]any, 2)
		require.NoError(t, reply.Decode(&got[0], &got[1]))
		require.Equal(t, pictures, got)
	}
	sio := server.New(nil)
	connected := make(chan *server.Socket, 1)
	sio.OnConnect(func(s *server.Socket) {
		s.On("echo", echo)
		connected <- s
	})
	h := httptest.NewServer(sio)
	defer h.Close()
	defer sio.Close()
	official := newNodeServer(t, "")
	for _, transports := range []string{"websocket", "polling"} {
		t.Run("between ours, "+transports, func(t *testing.T) {
			ours, err := socketio.New(h.URL, &socketio.Options{Transports: []string{transports}})
			require.NoError(t, err)
			defer ours.Close()
			ours.On("echo", echo)
			require.NoError(t, ours.Connect(ctx))
			request(t, ours, "echo")
			request(t, <-connected, "echo")
		})
		t.Run("our client, "+transports, func(t *testing.T) {
			ours, err := socketio.New(official.url(), &socketio.Options{Transports: []string{transports}})
			require.NoError(t, err)
			defer ours.Close()
			require.NoError(t, ours.Connect(ctx))
			request(t, ours, "ack")
		})
		t.Run("our server, "+transports, func(t *testing.T) {
			ended := make(chan error, 1)
			go func() {
				ended <- runNodeClient(ctx, func(line nodeLine) {
					if line.Failures == nil || len(*line.Failures) > 0 {
						t.Errorf("the official client: %v", line.Failures)
					}
				}, "bystander", h.URL, transports)
			}()
			var s *server.Socket
			select {
			case s = <-connected:
			case err := <-ended:
				require.FailNow(t, "the official client has ended", "%v", err)
			}
			request(t, s, "echo")
			require.NoError(t, s.Emit("done"))
			require.NoError(t, <-ended)
		})
	}
}
