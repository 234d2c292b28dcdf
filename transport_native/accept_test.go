//go:build !js

package transportnative

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOrigin(t *testing.T) {
	for _, test := range []struct {
		name    string
		options AcceptOptions
		origin  string
		status  int
	}{
		{"none", AcceptOptions{}, "", 101},
		{"same", AcceptOptions{}, "https://example.com", 101},
		{"same in capitals", AcceptOptions{}, "https://EXAMPLE.com", 101},
		{"foreign", AcceptOptions{}, "https://evil.example", 403},
		{"subdomain", AcceptOptions{}, "https://www.example.com", 403},
		{"same with another port", AcceptOptions{}, "https://example.com:444", 403},
		{"opaque", AcceptOptions{}, "null", 403},
		{"malformed", AcceptOptions{}, "https://%", 403},
		{"listed host", AcceptOptions{Origins: []string{"friend.example"}}, "http://friend.example", 101},
		{"listed origin", AcceptOptions{Origins: []string{"https://friend.example"}}, "https://friend.example", 101},
		{"listed origin, other scheme", AcceptOptions{Origins: []string{"https://friend.example"}}, "http://friend.example", 403},
		{"pattern", AcceptOptions{Origins: []string{"https://*.friend.example"}}, "https://www.friend.example", 101},
		{"pattern is whole", AcceptOptions{Origins: []string{"friend.example"}}, "https://friend.example.evil.example", 403},
		{"any", AcceptOptions{AnyOrigin: true}, "https://evil.example", 101},
		{"any, opaque", AcceptOptions{AnyOrigin: true}, "null", 101},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newAcceptor(test.options)
			header := upgradeHeader
			if test.origin != "" {
				header += "Origin: " + test.origin + "\r\n"
			}
			response := request(t, listen(t, a).Listener.Addr().String(), "GET /", header)
			require.Equal(t, test.status, response.StatusCode)
			if test.status == 101 {
				require.NoError(t, (<-a.conns).Close(0, ""))
			}
		})
	}
}

func TestHandshake(t *testing.T) {
	lines := func(n int, line string) string { return strings.Repeat(line+"\r\n", n) }
	for _, test := range []struct {
		name   string
		line   string
		header string
		status int
	}{
		{"good", "GET /", upgradeHeader, 101},
		{"an extension that is not offered", "GET /", upgradeHeader + "Sec-WebSocket-Extensions: permessage-deflate; constructor, ;;=\r\n", 101},
		{"a protocol that is not offered", "GET /", upgradeHeader + "Sec-WebSocket-Protocol: constructor\r\n", 101},
		{"a protocol of 64 KB of spaces", "GET /", upgradeHeader + "Sec-WebSocket-Protocol: a" + strings.Repeat(" ", 64<<10) + "b\r\n", 101},
		{"400 headers", "GET /", lines(400, "X-Header: x") + upgradeHeader, 101},
		{"no upgrade", "GET /", "", 426},
		{"other upgrade", "GET /", strings.Replace(upgradeHeader, "websocket", "h2c", 1), 426},
		{"other version", "GET /", strings.Replace(upgradeHeader, "13", "12", 1), 400},
		{"other method", "POST /", upgradeHeader, 405},
		{"short key", "GET /", strings.Replace(upgradeHeader, "AAAA", "", 1), 400},
		{"no key", "GET /", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n", 400},
		{"two keys", "GET /", upgradeHeader + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newAcceptor(AcceptOptions{})
			response := request(t, listen(t, a).Listener.Addr().String(), test.line, test.header)
			require.Equal(t, test.status, response.StatusCode)
			require.Empty(t, response.Header.Get("Sec-WebSocket-Extensions"))
			require.Empty(t, response.Header.Get("Sec-WebSocket-Protocol"))
			if test.status == 101 {
				require.NoError(t, (<-a.conns).Close(0, ""))
			}
		})
	}
}

func TestAcceptNeedsHijacker(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	for line := range strings.Lines(upgradeHeader) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		r.Header.Set(name, value)
	}
	conn, err := Accept(httptest.NewRecorder(), r, AcceptOptions{})
	require.ErrorIs(t, err, http.ErrNotSupported)
	require.Nil(t, conn)
}

// lateWriter is a ResponseWriter that holds the header back, as gin's does.
type lateWriter struct {
	http.ResponseWriter
	status int
}

func (w *lateWriter) WriteHeader(status int)      { w.status = status }
func (w *lateWriter) WriteHeaderNow()             { w.ResponseWriter.WriteHeader(w.status) }
func (w *lateWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestAcceptThroughMiddleware(t *testing.T) {
	a := newAcceptor(AcceptOptions{})
	server := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.ServeHTTP(&lateWriter{ResponseWriter: w}, r)
	}))
	p := dialTCP(t, server.Listener.Addr().String())
	require.Equal(t, "HTTP/1.1 101 Switching Protocols", handshake(t, p, ""))
	require.NoError(t, (<-a.conns).Close(1000, ""))
	p.wantClose(1000)
}
