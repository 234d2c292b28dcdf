package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
)

// What stands between the server and what its options bring along: whatever that does, the
// server goes on.

// allow asks Options.AllowRequest. The client is not told of a mistake in it.
func (s *Server) allow(r *http.Request) error {
	err := endpoint.Contain("AllowRequest", func() error { return s.options.AllowRequest(r) })
	if failed, ok := err.(*event.HandlerError); ok && failed.Stack != nil {
		s.logError(slog.LevelError, "Options.AllowRequest failed", err)
		return toldError(internalError)
	}
	return err
}

// toldError is an error whose text is for a client.
type toldError string

func (e toldError) Error() string { return string(e) }

// adapterPatience is how long an adapter may take to close once its time is over.
const adapterPatience = 5 * time.Second

var errAdapterStuck = errors.New("server: the adapter does not close")

// guardedAdapter makes the panics of an adapter errors. Those of an iteration are its caller's.
type guardedAdapter struct{ adapter.Adapter }

// Broadcast implements adapter.Adapter.
func (g guardedAdapter) Broadcast(p *adapter.Packet, t adapter.Target) error {
	return endpoint.Protect("adapter", func() error { return g.Adapter.Broadcast(p, t) })
}

// Change implements adapter.Adapter.
func (g guardedAdapter) Change(c adapter.Change, t adapter.Target) error {
	return endpoint.Protect("adapter", func() error { return g.Adapter.Change(c, t) })
}

// ServerEmit implements adapter.Adapter.
func (g guardedAdapter) ServerEmit(p *adapter.Packet) error {
	return endpoint.Protect("adapter", func() error { return g.Adapter.ServerEmit(p) })
}

// Nodes implements adapter.Adapter.
func (g guardedAdapter) Nodes(ctx context.Context) (known []string, count int, err error) {
	err = endpoint.Protect("adapter", func() (err error) {
		known, count, err = g.Adapter.Nodes(ctx)
		return err
	})
	return known, count, err
}

// Sync implements adapter.Adapter.
func (g guardedAdapter) Sync(ctx context.Context) error {
	return endpoint.Protect("adapter", func() error { return g.Adapter.Sync(ctx) })
}

// Close implements adapter.Adapter. It waits for the adapter a while longer than ctx.
func (g guardedAdapter) Close(ctx context.Context) error {
	closed := make(chan error, 1)
	go func() { // ends with the adapter's Close
		closed <- endpoint.Contain("adapter", func() error { return g.Adapter.Close(ctx) })
	}()
	select {
	case err := <-closed:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-closed:
		return err
	case <-time.After(adapterPatience):
		return errAdapterStuck
	}
}
