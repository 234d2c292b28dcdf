//go:build !js

package transportnative

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"

	"github.com/coder/websocket"

	"github.com/isosocket/isosocket/transport"
)

// dialer is a transport.Dialer on net/http.
type dialer struct {
	client       *http.Client
	extra        extra
	stallTimeout time.Duration
}

// Dial implements transport.Dialer. The context bounds the handshake only.
func (d *dialer) Dial(ctx context.Context, address string, maxMessage int) (transport.Conn, error) {
	upgrade := &upgrader{base: d.client.Transport}
	client := *d.client
	client.Transport = upgrade
	ws, response, err := websocket.Dial(ctx, address, &websocket.DialOptions{
		HTTPClient: &client, HTTPHeader: d.extra.header, Host: d.extra.host,
	})
	if err != nil {
		if upgrade.stream != nil {
			_ = upgrade.stream.Close()
		}
		return nil, fmt.Errorf("transportnative: dial: %w", dialError(ctx, response, err))
	}
	_ = ws.CloseNow()
	return &conn{
		stream:       upgrade.stream,
		resumable:    prepare(upgrade.stream),
		source:       bufio.NewReader(upgrade.body),
		client:       true,
		maxMessage:   maxMessage,
		stallTimeout: d.stallTimeout,
	}, nil
}

// dialError finds the cause of a failed dial. The address is not part of it: its
// query may hold a session id or a token.
func dialError(ctx context.Context, response *http.Response, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if response != nil && response.StatusCode != http.StatusSwitchingProtocols {
		refused := &transport.HandshakeError{Status: response.StatusCode, RetryAfter: retryAfter(response.Header)}
		if response.Body != nil {
			body, _ := io.ReadAll(response.Body) // the library has cut it to 1 KiB
			refused.Body = string(body)
		}
		return refused
	}
	var request *url.Error
	if errors.As(err, &request) {
		return request.Err
	}
	return err
}

// upgrader is an http.RoundTripper that takes the connection of an accepted upgrade
// from under the response. It serves one Dial.
type upgrader struct {
	base   http.RoundTripper
	stream net.Conn
	body   io.Reader // of the stream, behind the response
}

func (u *upgrader) RoundTrip(r *http.Request) (*http.Response, error) {
	var conn net.Conn
	response, err := u.base.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { conn = info.Conn },
	})))
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		return response, err
	}
	if conn == nil {
		_ = response.Body.Close()
		return nil, errors.New("the HTTP client's transport does not tell its connection")
	}
	u.stream, u.body = conn, response.Body
	response.Body = nothing{}
	return response, nil
}
