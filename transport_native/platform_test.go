//go:build !js

package transportnative

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/transporttest"
)

func TestHeader(t *testing.T) {
	a := newAcceptor(AcceptOptions{})
	seen := make(chan *http.Request, 1)
	server := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r
		if r.Header.Get("Upgrade") != "" {
			a.ServeHTTP(w, r)
		}
	}))
	header := http.Header{"Host": {"virtual.example:8080"}, "X-Key": {"a", "b"}, "x-lower": {"c"}}
	p := platform(t, Config{Header: header})
	require.NoError(t, p.Err)
	require.Len(t, header, 3)
	want := func() {
		r := <-seen
		require.Equal(t, "virtual.example:8080", r.Host)
		require.Equal(t, []string{"a", "b"}, r.Header["X-Key"])
		require.Equal(t, "c", r.Header.Get("X-Lower"))
	}
	for _, r := range []transport.Request{{Method: "GET"}, {Method: "POST", Body: []byte("x")}} {
		r.URL = server.URL
		_, err := p.RoundTripper.RoundTrip(t.Context(), &r)
		require.NoError(t, err)
		want()
	}
	conn, err := p.Dialer.Dial(t.Context(), "ws"+server.URL[len("http"):], 0)
	require.NoError(t, err)
	want()
	require.NoError(t, conn.Close(0, ""))
	_, err = (<-a.conns).Read(t.Context())
	require.Error(t, err)
}

func TestHeaderThatCannotBeSent(t *testing.T) {
	for _, test := range []struct {
		header http.Header
		says   string
	}{
		{http.Header{"": {"x"}}, `the name ""`},
		{http.Header{"X Key": {"x"}}, `the name "X Key"`},
		{http.Header{"X:": {"x"}}, `the name "X:"`},
		{http.Header{"Ü": {"x"}}, `the name "Ü"`},
		{http.Header{"X-Key": {"fine", "secret\r\nX-Evil: 1"}}, "a value of X-Key with a control character"},
		{http.Header{"X-Key": {"secret\x00"}}, "a value of X-Key with a control character"},
		{http.Header{"Host": {"a", "b"}}, `Host ["a" "b"]`},
		{http.Header{"Host": {""}}, `Host [""]`},
		{http.Header{"Host": {}}, `Host []`},
		{http.Header{"host": {"a\n"}}, `Host ["a\n"]`},
		{http.Header{"Content-Length": {"1"}}, "Content-Length, which is not the user's"},
		{http.Header{"transfer-encoding": {"chunked"}}, "Transfer-Encoding, which is not the user's"},
		{http.Header{"Connection": {"close"}}, "Connection, which is not the user's"},
		{http.Header{"Sec-WebSocket-Key": {"x"}}, "Sec-Websocket-Key, which is not the user's"},
	} {
		err := Platform(&Config{Header: test.header}).Err
		require.ErrorContains(t, err, "transportnative: Config.Header has "+test.says)
		require.NotContains(t, err.Error(), "secret")
	}
	require.NoError(t, Platform(nil).Err)
	require.NoError(t, Platform(&Config{Header: http.Header{"X-Key": {"", "\ttab ü"}}}).Err)
}

// A balancer that sends each client to one server needs its cookie back.
func TestClientWithoutJarKeepsCookies(t *testing.T) {
	server := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "server", Value: "7"})
		_, _ = io.WriteString(w, r.Header.Get("Cookie"))
	}))
	p := platform(t, Config{})
	for _, want := range []string{"", "server=7"} {
		response, err := p.RoundTripper.RoundTrip(t.Context(), &transport.Request{Method: "GET", URL: server.URL})
		require.NoError(t, err)
		require.Equal(t, want, string(response.Body))
	}
}

// serve answers requests on the listener, for as long as each waits, until its
// connection is closed, which it tells.
func serve(listener net.Listener, closed chan<- struct{}) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = conn.Close(); closed <- struct{}{} }()
			reader := bufio.NewReader(conn)
			for {
				r, err := http.ReadRequest(reader)
				if err != nil {
					return
				}
				wait, _ := time.ParseDuration(r.URL.Query().Get("wait"))
				time.Sleep(wait)
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
		}()
	}
}

// A server closes an idle connection after 5 seconds, and the request that meets that fails.
func TestIdleConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := transporttest.NewNetwork(1)
		listener, err := n.Listen("server:80")
		require.NoError(t, err)
		closed := make(chan struct{}, 10)
		go serve(listener, closed)
		pool := defaultTransport().(*http.Transport).Clone()
		pool.DialContext = n.Dial
		rt := Platform(&Config{HTTPClient: &http.Client{Transport: pool}}).RoundTripper
		get := func(query string) {
			_, err := rt.RoundTrip(t.Context(), &transport.Request{Method: "GET", URL: "http://server/" + query})
			require.NoError(t, err)
			synctest.Wait()
		}
		get("?wait=25s")
		time.Sleep(idleTimeout - time.Second)
		get("") // on the same one
		time.Sleep(idleTimeout - time.Second)
		synctest.Wait()
		require.Empty(t, closed)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Len(t, closed, 1)
		require.NoError(t, listener.Close())
	})
}

// The client's Timeout is one for answers that come at once.
func TestTimeoutDoesNotEndPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := transporttest.NewNetwork(1)
		listener, err := n.Listen("server:80")
		require.NoError(t, err)
		go serve(listener, make(chan struct{}, 10))
		pool := &http.Transport{DialContext: n.Dial}
		rt := Platform(&Config{HTTPClient: &http.Client{Transport: pool, Timeout: time.Second}}).RoundTripper
		_, err = rt.RoundTrip(t.Context(), &transport.Request{Method: "GET", URL: "http://server/?wait=25s"})
		require.NoError(t, err)
		pool.CloseIdleConnections()
		require.NoError(t, listener.Close())
	})
}

func TestDefaultTransport(t *testing.T) {
	pool := defaultTransport().(*http.Transport)
	require.Same(t, pool, Platform(nil).RoundTripper.(*roundTripper).client.Transport.(once).base)
	require.Same(t, pool, Platform(nil).Dialer.(*dialer).client.Transport)
	standard := http.DefaultTransport.(*http.Transport)
	require.NotSame(t, standard, pool)
	require.NotNil(t, pool.Proxy)
	require.True(t, pool.ForceAttemptHTTP2)
	require.Equal(t, standard.TLSHandshakeTimeout, pool.TLSHandshakeTimeout)
	require.NotEqual(t, idleTimeout, standard.IdleConnTimeout)
}
