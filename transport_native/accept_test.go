//go:build !js

package transportnative

import (
	"bufio"
	"errors"
	"net"
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
		{"same with the default port", AcceptOptions{}, "https://example.com:443", 101},
		{"same with the default port of another scheme", AcceptOptions{}, "https://example.com:80", 403},
		{"listed with the default port", AcceptOptions{Origins: []string{"https://friend.example:443"}}, "https://friend.example", 101},
		{"listed host with the default port", AcceptOptions{Origins: []string{"*.example:80"}}, "http://friend.example", 101},
		{"listed with another port", AcceptOptions{Origins: []string{"friend.example:8080"}}, "http://friend.example", 403},
		{"listed address", AcceptOptions{Origins: []string{"[::1]:3000"}}, "http://[::1]:3000", 101},
		{"opaque, listed", AcceptOptions{Origins: []string{"null"}}, "null", 101},
		{"another scheme, listed", AcceptOptions{Origins: []string{"capacitor://localhost"}}, "capacitor://localhost", 101},
		{"empty pattern", AcceptOptions{Origins: []string{"", ":443"}}, "https://", 403},
		{"malformed pattern", AcceptOptions{Origins: []string{"[a"}}, "https://a", 403},
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
		{"a body", "GET /", upgradeHeader + "Content-Length: 4\r\n\r\ntest", 101},
		{"a large body", "GET /", upgradeHeader + "Content-Length: 5000\r\n\r\n" + strings.Repeat("x", 5000), 400},
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

// The host that is asked for may have the default port of the page's scheme.
func TestOriginOfADefaultPort(t *testing.T) {
	for _, test := range []struct {
		host, origin string
		allowed      bool
	}{
		{"x.example:443", "https://x.example", true},
		{"x.example:80", "http://x.example", true},
		{"[::1]:80", "http://[::1]", true},
		{"x.example:443", "http://x.example", false},
		{"x.example:80", "https://x.example", false},
		{"x.example:8080", "http://x.example", false},
		{"", "null", false},
		{"", "https://:443", false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = test.host
		r.Header.Set("Origin", test.origin)
		require.Equal(t, test.allowed, OriginAllowed(r, nil), "%s at %s", test.origin, test.host)
	}
}

// The first subprotocol that is offered is chosen, if it is one.
func TestSubprotocol(t *testing.T) {
	for offered, chosen := range map[string]string{
		"my-protocol-v1":                "my-protocol-v1",
		"b, a":                          "b",
		" , ,b":                         "b",
		"a b, c":                        "c",
		"a" + strings.Repeat(" ", 1000): "a",
		"{}, \"x\"":                     "",
		"größe":                         "",
	} {
		a := newAcceptor(AcceptOptions{})
		response := request(t, listen(t, a).Listener.Addr().String(), "GET /", upgradeHeader+"Sec-WebSocket-Protocol: "+offered+"\r\n")
		require.Equal(t, 101, response.StatusCode)
		require.Equal(t, chosen, response.Header.Get("Sec-WebSocket-Protocol"), "%q", offered)
		require.NoError(t, (<-a.conns).Close(0, ""))
	}
}

// What hides the connection in one way or another.
type (
	hiding          struct{ http.ResponseWriter }
	writerToNowhere struct{ hiding }
	failing         struct{ hiding }
	empty           struct{ hiding }
)

var errFailing = errors.New("not this one")

func (w writerToNowhere) Unwrap() http.ResponseWriter { return nil }

func (w failing) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, errFailing }

func (w empty) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, nil }

// A ResponseWriter that does not give its connection away is answered, with nothing of
// a handshake before it.
func TestAcceptNeedsTheConnection(t *testing.T) {
	for name, test := range map[string]struct {
		wrap  func(w http.ResponseWriter) http.ResponseWriter
		cause error
	}{
		"no Hijack":               {func(w http.ResponseWriter) http.ResponseWriter { return hiding{w} }, http.ErrNotSupported},
		"Unwrap of nothing":       {func(w http.ResponseWriter) http.ResponseWriter { return writerToNowhere{hiding{w}} }, http.ErrNotSupported},
		"Hijack fails":            {func(w http.ResponseWriter) http.ResponseWriter { return failing{hiding{w}} }, errFailing},
		"Hijack returns nothing":  {func(w http.ResponseWriter) http.ResponseWriter { return empty{hiding{w}} }, errNoConnection},
		"a writer that waits too": {func(w http.ResponseWriter) http.ResponseWriter { return &lateWriter{ResponseWriter: hiding{w}} }, http.ErrNotSupported},
	} {
		t.Run(name, func(t *testing.T) {
			errs := make(chan error, 1)
			server := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				conn, err := Accept(test.wrap(w), r, AcceptOptions{})
				if conn != nil {
					t.Error("accepted")
				}
				errs <- err
			}))
			response := request(t, server.Listener.Addr().String(), "GET /", upgradeHeader+"Sec-WebSocket-Protocol: a\r\n")
			require.Equal(t, 501, response.StatusCode)
			for _, name := range []string{"Upgrade", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol"} {
				require.Empty(t, response.Header.Values(name))
			}
			err := <-errs
			require.ErrorIs(t, err, test.cause)
			var failed *AcceptError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, 501, failed.Status)
		})
	}
}

// lateWriter is a ResponseWriter that holds the header back, as gin's does.
type lateWriter struct {
	http.ResponseWriter
	status int
}

func (w *lateWriter) WriteHeader(status int) { w.status = status }
func (w *lateWriter) WriteHeaderNow()        { w.ResponseWriter.WriteHeader(w.status) }
func (w *lateWriter) Write(p []byte) (int, error) {
	w.WriteHeaderNow()
	return w.ResponseWriter.Write(p)
}
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
