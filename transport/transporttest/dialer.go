package transporttest

import (
	"context"
	"fmt"

	"github.com/isosocket/isosocket/transport"
)

// DialFunc is a [transport.Dialer] made of a function.
type DialFunc func(ctx context.Context, url string, maxMessage int) (transport.Conn, error)

// Dial calls f.
func (f DialFunc) Dial(ctx context.Context, url string, maxMessage int) (transport.Conn, error) {
	return f(ctx, url, maxMessage)
}

// Listener is the in-memory counterpart of a server: a [transport.Dialer] whose
// Dial returns one end of a [Pipe] and whose Accept returns the other.
type Listener struct {
	maxMessage int
	incoming   chan incoming
}

type incoming struct {
	url  string
	conn *PipeConn
}

// Listen returns a Listener. The ends that it accepts refuse messages of more
// than maxMessage bytes (0 means no limit).
func Listen(maxMessage int) *Listener {
	return &Listener{maxMessage: maxMessage, incoming: make(chan incoming)}
}

// Dial implements [transport.Dialer]. It waits until Accept takes the connection.
func (l *Listener) Dial(ctx context.Context, url string, maxMessage int) (transport.Conn, error) {
	dialed, accepted := newPipe(maxMessage, l.maxMessage)
	select {
	case l.incoming <- incoming{url, accepted}:
		return dialed, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Accept waits for a Dial and returns the server's end of its connection with the
// URL that was dialed.
func (l *Listener) Accept(ctx context.Context) (conn *PipeConn, url string, err error) {
	select {
	case i := <-l.incoming:
		return i.conn, i.url, nil
	case <-ctx.Done():
		return nil, "", context.Cause(ctx)
	}
}

// RoundTripFunc is a [transport.RoundTripper] made of a function. The function
// must return when ctx is over, and must not keep or change the request's Body.
type RoundTripFunc func(ctx context.Context, r *transport.Request) (*transport.Response, error)

// RoundTrip calls f and refuses a body over r.MaxResponse.
func (f RoundTripFunc) RoundTrip(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	response, err := f(ctx, r)
	if err == nil && r.MaxResponse > 0 && len(response.Body) > r.MaxResponse {
		return nil, fmt.Errorf("transporttest: response body of %d bytes, limit %d: %w", len(response.Body), r.MaxResponse, transport.ErrTooLarge)
	}
	return response, err
}
