//go:build !js

package transportnative

import (
	"bufio"
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
)

// failDial returns the error of dialing the URL.
func failDial(t *testing.T, config Config, url string) error {
	t.Helper()
	conn, err := platform(t, config).Dialer.Dial(t.Context(), url, 0)
	require.Error(t, err)
	require.Nil(t, conn)
	require.True(t, strings.HasPrefix(err.Error(), "transportnative: dial: "), err.Error())
	return err
}

func TestDialRefused(t *testing.T) {
	page := "<html>" + strings.Repeat("bad gateway ", 1000)
	server := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/html":
			_, _ = io.WriteString(w, page)
		case "/502":
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, page)
		case "/foreign":
			_, _ = Accept(w, r, AcceptOptions{})
		}
	}))
	url := "ws" + server.URL[len("http"):]
	for _, test := range []struct {
		path   string
		status int
		body   string
	}{
		{"/html", 200, page[:1024]},
		{"/502", 502, page[:1024]},
		{"/foreign", 403, `page of "https://evil.example" may not connect to host "` + server.Listener.Addr().String() + "\"\n"},
	} {
		err := failDial(t, Config{Header: http.Header{"Origin": {"https://evil.example"}}}, url+test.path)
		var handshake *transport.HandshakeError
		require.ErrorAs(t, err, &handshake)
		require.Equal(t, &transport.HandshakeError{Status: test.status, Body: test.body}, handshake)
	}
}

func TestDialNamesTheCause(t *testing.T) {
	t.Run("nobody listens", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		address := listener.Addr().String()
		require.NoError(t, listener.Close())
		err = failDial(t, Config{}, "ws://"+address+"/?token=secret")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.NotContains(t, err.Error(), "secret")
	})
	t.Run("unknown certificate", func(t *testing.T) {
		server := httptest.NewUnstartedServer(newAcceptor(AcceptOptions{}))
		server.Config.ErrorLog = nolog
		server.StartTLS()
		t.Cleanup(server.Close)
		err := failDial(t, Config{}, "wss"+server.URL[len("https"):])
		var unknown x509.UnknownAuthorityError
		require.ErrorAs(t, err, &unknown)
	})
	t.Run("wrong key", func(t *testing.T) {
		server := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: AAAA\r\n\r\n")
				_ = conn.Close()
			}
		}))
		err := failDial(t, Config{}, "ws"+server.URL[len("http"):])
		require.ErrorContains(t, err, "Sec-WebSocket-Accept")
	})
	t.Run("not HTTP", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer listener.Close()
		served := make(chan struct{})
		go func() {
			defer close(served)
			if conn, err := listener.Accept(); err == nil {
				_, _ = http.ReadRequest(bufio.NewReader(conn))
				_, _ = io.WriteString(conn, "220 mail.example ESMTP\r\n")
				_, _ = io.Copy(io.Discard, conn)
				_ = conn.Close()
			}
		}()
		err = failDial(t, Config{}, "ws://"+listener.Addr().String())
		require.ErrorContains(t, err, "malformed HTTP")
		<-served
	})
}

func TestDialNeedsTheConnection(t *testing.T) {
	a := newAcceptor(AcceptOptions{})
	server := listen(t, a)
	pool := http.DefaultTransport.(*http.Transport).Clone()
	defer pool.CloseIdleConnections()
	client := &http.Client{Transport: roundTripFunc(func(r *http.Request) (*http.Response, error) {
		return pool.RoundTrip(r.WithContext(context.Background())) // loses the trace
	})}
	_, err := Platform(&Config{HTTPClient: client}).Dialer.Dial(t.Context(), "ws"+server.URL[len("http"):], 0)
	require.ErrorContains(t, err, "does not tell its connection")
	_, err = (<-a.conns).Read(t.Context())
	require.Equal(t, &transport.CloseError{Code: 1006}, err)
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The timeout of the HTTP client is for the handshake, not for the connection.
func TestDialTimeoutEndsWithTheHandshake(t *testing.T) {
	a := newAcceptor(AcceptOptions{})
	server := listen(t, a)
	pool := server.Client().Transport
	client := &http.Client{Transport: pool, Timeout: 30 * time.Second}
	ctx, cancel := context.WithCancel(t.Context())
	conn, err := Platform(&Config{HTTPClient: client}).Dialer.Dial(ctx, "ws"+server.URL[len("http"):], 0)
	require.NoError(t, err)
	cancel()
	accepted := <-a.conns
	require.NoError(t, accepted.Write(t.Context(), transport.Message{Data: []byte("still here")}))
	m, err := conn.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, "still here", string(m.Data))
	require.NoError(t, conn.Close(0, ""))
	_, err = accepted.Read(t.Context())
	require.Equal(t, &transport.CloseError{Code: 1005}, err)
}

// What polling was given, cookies and headers, the WebSocket sends too.
func TestPlatformSharesCookies(t *testing.T) {
	a := newAcceptor(AcceptOptions{})
	seen := make(chan http.Header, 2)
	server := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header
		if r.URL.Path == "/ws" {
			a.ServeHTTP(w, r)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "server", Value: "7", Path: "/"})
	}))
	t.Cleanup(defaultTransport().(*http.Transport).CloseIdleConnections)
	p := Platform(&Config{Header: http.Header{"Authorization": {"Bearer x"}}})

	_, err := p.RoundTripper.RoundTrip(t.Context(), &transport.Request{Method: "GET", URL: server.URL})
	require.NoError(t, err)
	first := <-seen
	require.Equal(t, "Bearer x", first.Get("Authorization"))
	require.Empty(t, first.Get("Cookie"))

	conn, err := p.Dialer.Dial(t.Context(), "ws"+server.URL[len("http"):]+"/ws", 0)
	require.NoError(t, err)
	second := <-seen
	require.Equal(t, "Bearer x", second.Get("Authorization"))
	require.Equal(t, "server=7", second.Get("Cookie"))
	require.NoError(t, conn.Close(0, ""))
	_, err = (<-a.conns).Read(t.Context())
	require.Error(t, err)
}
