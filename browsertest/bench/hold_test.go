package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
)

func TestDialAll(t *testing.T) {
	var opened []*recorder
	dial := func(failAt int) func(context.Context) (link, error) {
		opened = nil
		return func(context.Context) (link, error) {
			if len(opened) == failAt {
				return nil, errRefused
			}
			opened = append(opened, new(recorder))
			return opened[len(opened)-1], nil
		}
	}
	links, err := dialAll(t.Context(), 5, 1, dial(-1))
	require.NoError(t, err)
	require.Len(t, links, 5)

	links, err = dialAll(t.Context(), 5, 1, dial(3))
	require.ErrorIs(t, err, errRefused)
	require.Nil(t, links)
	require.Len(t, opened, 3)
	for _, o := range opened {
		require.True(t, o.closed)
	}
}

func TestDialAllInterrupted(t *testing.T) {
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	links, err := dialAll(ctx, 5, 1, func(context.Context) (link, error) {
		cancel(interrupted)
		return new(recorder), nil
	})
	require.ErrorIs(t, err, interrupted, "four are missing, though none failed")
	require.Nil(t, links)
}

// serveHere serves up to a number of clients in this process.
func serveHere(t *testing.T, clients int) *process {
	io := server.New(&server.Options{MaxConnections: clients})
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", io)
	mux.HandleFunc("/settle", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("{}")) })
	h := httptest.NewServer(mux)
	t.Cleanup(h.Close)
	t.Cleanup(func() { io.Close() })
	return thisProcess(h.Listener.Addr().String())
}

func TestHoldAgain(t *testing.T) {
	l := &load{Name: "held", InFlight: 10, Steps: []int{10, 20}, Again: true}
	results, err := hold(t.Context(), l, serveHere(t, 100), moment)
	require.NoError(t, err)
	var names []string
	for _, r := range results {
		names = append(names, r.Load)
		require.Positive(t, r.Handshakes)
		require.Positive(t, r.P50)
	}
	require.Equal(t, []string{"10 held", "20 held", "20 held, again"}, names)
}

// A server that refuses one handshake has failed.
func TestHoldRefused(t *testing.T) {
	l := &load{Name: "held", InFlight: 20, Steps: []int{10, 20}}
	_, err := hold(t.Context(), l, serveHere(t, 19), moment)
	require.ErrorContains(t, err, "connection 10 and on: handshake")
}
