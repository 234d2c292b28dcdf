package socketio

import (
	"context"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/transport"
)

// guarded returns the platform of a program so that its panics are errors, and
// runtime.Goexit ends no goroutine of the manager.
func guarded(p transport.Platform) transport.Platform {
	if p.Dialer != nil {
		p.Dialer = guardedDialer{p.Dialer}
	}
	if p.RoundTripper != nil {
		p.RoundTripper = guardedRoundTripper{p.RoundTripper}
	}
	return p
}

type guardedDialer struct{ transport.Dialer }

// Dial implements transport.Dialer.
func (g guardedDialer) Dial(ctx context.Context, url string, maxMessage int) (conn transport.Conn, err error) {
	err = endpoint.Contain("dial", func() (err error) {
		conn, err = g.Dialer.Dial(ctx, url, maxMessage)
		return err
	})
	return conn, err
}

type guardedRoundTripper struct{ transport.RoundTripper }

// RoundTrip implements transport.RoundTripper.
func (g guardedRoundTripper) RoundTrip(ctx context.Context, r *transport.Request) (response *transport.Response, err error) {
	err = endpoint.Contain("request", func() (err error) {
		response, err = g.RoundTripper.RoundTrip(ctx, r)
		return err
	})
	return response, err
}
