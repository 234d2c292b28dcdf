package browsertest

import (
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/rs/cors"
	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/browsertest/scenarioserver"
	"github.com/isosocket/isosocket/server"
)

// goServer is our server with the scenario's handlers.
type goServer struct {
	t        *testing.T
	listener *breakingListener
	io       *server.Server
	wrap     func(net.Listener) net.Listener // puts something between the network and the server
	onError  func(*server.Socket, error)
	done     chan error // receives once when the HTTP server ended
}

func newGoServer(t *testing.T) *goServer {
	t.Helper()
	s := &goServer{t: t, wrap: func(l net.Listener) net.Listener { return l }}
	s.onError = func(_ *server.Socket, err error) { t.Errorf("a handler failed: %v", err) }
	s.run()
	return s
}

// run starts the server until the end of the test.
func (s *goServer) run() {
	s.t.Helper()
	require.NoError(s.t, s.start("127.0.0.1:0"))
	s.t.Cleanup(func() { require.NoError(s.t, s.kill()) })
}

func (s *goServer) start(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s.listener = &breakingListener{Listener: listener, conns: make(map[net.Conn]struct{})}
	s.io = scenarioserver.New(&server.Options{
		CORS:         &cors.Options{AllowedOrigins: []string{"*"}},
		AnyOrigin:    true,
		PingInterval: 100 * time.Millisecond, // so that many fall into the scenario
		Logger:       slog.New(slog.DiscardHandler),
		OnError:      s.onError,
	})
	s.done = make(chan error, 1)
	go func() { s.done <- http.Serve(s.wrap(s.listener), s.io) }()
	return nil
}

// kill breaks every connection before the server can say anything on it, as the
// end of its process would, and waits for what is left of it.
func (s *goServer) kill() error {
	s.listener.Close()
	<-s.done
	return s.io.Close()
}

func (s *goServer) url() string { return "http://" + s.listener.Addr().String() }

func (s *goServer) restart() error {
	if err := s.kill(); err != nil {
		return err
	}
	return s.start(s.listener.Addr().String())
}

// breakingListener closes with its connections, also those that a WebSocket took over.
type breakingListener struct {
	net.Listener
	mu     sync.Mutex
	closed bool                  // guarded by mu
	conns  map[net.Conn]struct{} // guarded by mu
}

func (l *breakingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		conn.Close()
		return nil, net.ErrClosed
	}
	l.conns[conn] = struct{}{}
	return &trackedConn{Conn: conn, forget: func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.conns, conn)
	}}, nil
}

func (l *breakingListener) Close() error {
	err := l.Listener.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for conn := range l.conns {
		conn.(*net.TCPConn).SetLinger(0) // reset in place of an orderly end
		conn.Close()
	}
	return err
}

// trackedConn is forgotten by its listener when it is closed.
type trackedConn struct {
	net.Conn
	forget func()
}

func (c *trackedConn) Close() error {
	c.forget()
	return c.Conn.Close()
}
