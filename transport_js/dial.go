//go:build js

package transportjs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hack-pad/safejs"

	"github.com/isosocket/isosocket/transport"
)

// ErrNoWebSocket is returned by Dial in a runtime without a WebSocket.
var ErrNoWebSocket = errors.New("transportjs: the runtime has no WebSocket: " +
	"Node.js has one from version 22 on, and from 20.10 on with --experimental-websocket")

type dialer struct {
	natives   func() (*natives, error)
	maxUnread int
}

// Dial closes the socket at once when ctx is over: a browser opens the connections to
// one host one at a time, so an abandoned one would hold up the next.
// https://www.rfc-editor.org/rfc/rfc6455#section-4.1
func (d *dialer) Dial(ctx context.Context, url string, maxMessage int) (transport.Conn, error) {
	if ctx.Err() != nil {
		return nil, dialError(url, context.Cause(ctx))
	}
	class, err := safejs.Global().Get("WebSocket")
	if err != nil || class.Type() != safejs.TypeFunction {
		return nil, ErrNoWebSocket
	}
	socket, err := class.New(url)
	if err != nil {
		return nil, dialError(url, err)
	}
	// Looked up while the browser makes the handshake.
	natives, err := d.natives()
	if err != nil {
		closeSocket(socket, 0, "")
		return nil, dialError(url, err)
	}
	c, err := newConn(socket, natives, limits{message: maxMessage, unread: d.maxUnread})
	if err != nil {
		c.abort(0, err)
		return nil, dialError(url, err)
	}
	select {
	case <-c.opened:
	case <-c.done:
	case <-ctx.Done():
	}
	select {
	case <-c.opened: // also when it has closed since: what it received is to be read
		return c, nil
	default:
	}
	if ctx.Err() != nil {
		c.abort(0, context.Cause(ctx))
	}
	return nil, dialError(url, c.failure())
}

func dialError(url string, err error) error {
	return fmt.Errorf("transportjs: dial %s: %w", withoutQuery(url), err)
}

// withoutQuery keeps what a query may hold, a session's id or a token, out of errors.
func withoutQuery(url string) string {
	url, _, _ = strings.Cut(url, "?")
	return url
}
