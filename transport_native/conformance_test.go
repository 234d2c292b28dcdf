//go:build !js

package transportnative

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/transporttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// nolog is for servers whose clients misbehave.
var nolog = log.New(io.Discard, "", 0)

// listen serves handler until the test is over.
func listen(t testing.TB, handler http.Handler) *httptest.Server {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// platform is the default one with connections that are closed when the test is over.
func platform(t testing.TB, config Config) transport.Platform {
	pool := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(pool.CloseIdleConnections)
	config.HTTPClient = &http.Client{Transport: pool}
	return Platform(&config)
}

// acceptor is a handler that accepts every request and hands the connections over.
type acceptor struct {
	options AcceptOptions
	conns   chan transport.Conn
}

func newAcceptor(options AcceptOptions) *acceptor {
	return &acceptor{options, make(chan transport.Conn, 1)}
}

func (a *acceptor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if conn, err := Accept(w, r, a.options); err == nil {
		a.conns <- conn
	}
}

// droppable is a connection whose socket can be closed under it.
type droppable struct{ transport.Conn }

func (d droppable) Drop() { _ = d.Conn.(*conn).stream.Close() }

// pair returns a dialed connection and its accepted other end.
func pair(t testing.TB, maxMessage int) (dialed, accepted transport.Conn) {
	a := newAcceptor(AcceptOptions{MaxMessage: maxMessage})
	server := listen(t, a)
	dialed, err := platform(t, Config{}).Dialer.Dial(t.Context(), "ws"+server.URL[len("http"):], maxMessage)
	if err != nil {
		t.Fatal(err)
	}
	accepted = <-a.conns
	return droppable{dialed}, droppable{accepted}
}

func TestConn(t *testing.T) {
	transporttest.TestConn(t, func(t *testing.T, maxMessage int) (a, b transport.Conn) { return pair(t, maxMessage) })
}

func newTarget(t *testing.T, start func(*httptest.Server)) transporttest.Target {
	handler := transporttest.NewServer(func(w http.ResponseWriter, r *http.Request) (transport.Conn, error) {
		return Accept(w, r, AcceptOptions{AnyOrigin: true})
	})
	server := httptest.NewUnstartedServer(handler)
	start(server)
	t.Cleanup(server.Close)
	t.Cleanup(handler.Close)
	pool := server.Client().Transport.(*http.Transport)
	t.Cleanup(pool.CloseIdleConnections)
	platform := Platform(&Config{HTTPClient: &http.Client{Transport: pool}})
	return transporttest.Target{Dialer: platform.Dialer, RoundTripper: platform.RoundTripper, URL: server.URL}
}

func TestDialer(t *testing.T) {
	transporttest.TestDialer(t, newTarget(t, (*httptest.Server).Start))
}

// startHTTP2 starts a server that polling talks HTTP/2 with. WebSockets stay with HTTP/1.1.
func startHTTP2(s *httptest.Server) {
	s.EnableHTTP2 = true
	s.StartTLS()
}

func TestDialerTLS(t *testing.T) {
	target := newTarget(t, startHTTP2)
	_, err := target.RoundTripper.RoundTrip(t.Context(), &transport.Request{Method: "GET", URL: target.URL + "/echo"})
	require.NoError(t, err, "so that there is a connection with HTTP/2")
	transporttest.TestDialer(t, target)
}

func TestRoundTripper(t *testing.T) {
	transporttest.TestRoundTripper(t, newTarget(t, (*httptest.Server).Start))
}

func TestRoundTripperHTTP2(t *testing.T) {
	transporttest.TestRoundTripper(t, newTarget(t, startHTTP2))
}
