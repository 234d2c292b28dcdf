package hostile

import (
	"bytes"
	"context"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/transport/transporttest"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

// patience is when a row counts as stuck, also on fake time.
var patience = 30 * time.Second

func init() { flag.DurationVar(&patience, "patience", patience, "when a row counts as stuck") }

// stage is a server on one line, for one row.
type stage struct {
	*testing.T
	line    *line
	fake    bool
	ctx     context.Context
	sio     *server.Server
	http    *httptest.Server
	network *transporttest.Network // of fake time
	client  *http.Client           // for requests over HTTP/2
	log     syncBuffer
	done    chan struct{} // closed when the row was played, for handlers that wait
	release func()        // closes done

	ended  chan ending   // of sessions
	wishes chan string   // of an app that tells them
	admit  chan struct{} // of the same app

	working *atomic.Int32 // handlers of an app that has some wait

	mu        sync.Mutex               // guards what follows
	said      []string                 // what was answered
	closers   []func()                 // what the row has opened
	exchanges int                      // counted, to find their requests
	underway  map[string]chan struct{} // closed when the server waits for more of a request, or with it
}

// ending is how a session ended.
type ending struct {
	reason event.Reason
	err    error
}

// perform plays the row, and demands that nothing is left of it.
func (s *stage) perform(r *row) {
	s.serve(r)
	r.play(s)
	s.release()
	s.checkHealth()
	s.leave()
	for s.sio.Stats().Connections > 0 {
		await(s, s.ended)
	}
	require.Eventually(s, func() bool { return len(s.sio.Sockets()) == 0 }, patience, time.Millisecond, "sockets left")
}

// serve starts the server.
func (s *stage) serve(r *row) {
	limit := patience
	if s.fake {
		limit = time.Hour
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	s.ctx = ctx
	s.Cleanup(cancel)
	s.done = make(chan struct{})
	s.release = sync.OnceFunc(func() { close(s.done) })
	s.ended = make(chan ending, 10_000)
	s.underway = make(map[string]chan struct{})

	var options server.Options
	if r.options != nil {
		options = *r.options
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	s.sio = server.New(&options)
	s.sio.AddTrace(&server.Trace{SessionClosed: func(_ server.Session, reason event.Reason, err error) {
		s.ended <- ending{reason, err}
	}})
	s.sio.Of("/healthy").OnConnect(func(s *server.Socket) {
		s.On("hello", func(_ context.Context, m *event.Message) error { return m.Ack() })
	})
	if r.app != nil {
		r.app(s)
	} else {
		echo(s.sio.Of("/"))
		echo(s.sio.Of("/admin"))
	}

	s.http = httptest.NewUnstartedServer(s)
	s.http.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.http.Config.ReadHeaderTimeout = 10 * time.Second // both as the docs say
	s.http.Config.IdleTimeout = time.Minute
	if s.fake {
		s.network = transporttest.NewNetwork(1)
		listener, err := s.network.Listen("server:80")
		require.NoError(s, err)
		require.NoError(s, s.http.Listener.Close())
		s.http.Listener = listener
	}
	if s.line.tls {
		s.http.EnableHTTP2 = s.line.http2
		s.http.StartTLS()
	} else {
		s.http.Config.Protocols = new(http.Protocols)
		s.http.Config.Protocols.SetHTTP1(true)
		s.http.Config.Protocols.SetUnencryptedHTTP2(true)
		s.http.Start()
	}
	s.Cleanup(s.http.Close)
	s.Cleanup(func() {
		s.release()
		s.leave()
		require.NoError(s, s.sio.Close())
		require.NoError(s, s.sio.Wait(s.ctx))
	})

	protocols := new(http.Protocols)
	protocols.SetHTTP2(s.line.tls)
	protocols.SetUnencryptedHTTP2(!s.line.tls)
	pool := s.pool()
	pool.Protocols = protocols
	s.client = &http.Client{Transport: pool}
}

// pool returns a transport to the server with connections of its own.
func (s *stage) pool() *http.Transport {
	pool := s.http.Client().Transport.(*http.Transport).Clone()
	pool.DialContext = s.dial
	s.Cleanup(pool.CloseIdleConnections)
	return pool
}

// dial has the signature of http.Transport.DialContext.
func (s *stage) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	address := s.http.Listener.Addr().String()
	if s.fake {
		return s.network.Dial(ctx, network, address)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// roots are the authorities that have signed the server's certificate.
func (s *stage) roots() *x509.CertPool {
	return s.http.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
}

// echo makes a namespace answer every event with its arguments, as an acknowledgement
// if there is to be one, or as an event named "was …".
func echo(n *server.Namespace) {
	n.OnConnect(func(s *server.Socket) {
		s.OnAny(func(_ context.Context, m *event.Message) error {
			args := make([]any, m.Len())
			targets := make([]any, m.Len())
			for i := range args {
				targets[i] = &args[i]
			}
			if err := m.Decode(targets...); err != nil {
				return err
			}
			if m.WantsAck() {
				return m.Ack(args...)
			}
			return s.Emit("was "+m.Name(), args...)
		})
	})
}

// ServeHTTP tells when the server waits for more of a request that carries a mark, or
// with its answer.
func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	mark := s.underway[r.Header.Get(markHeader)]
	s.mu.Unlock()
	if mark != nil {
		once := sync.OnceFunc(func() { close(mark) })
		r = r.WithContext(waiting{r.Context(), once})
		r.Body = reading{r.Body, once}
	}
	s.sio.ServeHTTP(w, r)
}

const markHeader = "X-Mark"

// waiting is the context of a request whose handler waits once it asks for Done.
type waiting struct {
	context.Context
	once func()
}

func (w waiting) Done() <-chan struct{} {
	w.once()
	return w.Context.Done()
}

// reading is the body of a request that is being read.
type reading struct {
	io.ReadCloser
	once func()
}

func (r reading) Read(p []byte) (int, error) {
	r.once()
	return r.ReadCloser.Read(p)
}

// checkHealth demands that a client that behaves is served.
func (s *stage) checkHealth() {
	s.Helper()
	client, err := socketio.New(s.http.URL+"/healthy", &socketio.Options{
		NoReconnect: true,
		Platform:    transportnative.Platform(&transportnative.Config{HTTPClient: &http.Client{Transport: s.pool()}}),
	})
	require.NoError(s, err)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience) // the row may have used up its own on fake time
	defer cancel()
	require.NoError(s, client.Connect(ctx), "a healthy client")
	_, err = client.Request(ctx, "hello")
	require.NoError(s, err, "a healthy client")
}

// opened remembers what to close when the row was played.
func (s *stage) opened(close func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closers = append(s.closers, close)
}

// leave closes what the row has opened.
func (s *stage) leave() {
	s.mu.Lock()
	closers := s.closers
	s.closers = nil
	s.mu.Unlock()
	for _, closeIt := range closers {
		closeIt()
	}
}

var sids = regexp.MustCompile(`"sid":"[^"]*"`)

// logged waits until the log has a line with that text: the client may be told before.
func (s *stage) logged(text string) {
	s.Helper()
	require.Eventually(s, func() bool { return strings.Contains(s.log.String(), text) }, patience, time.Millisecond, "%s", text)
}

// say records what was answered.
func (s *stage) say(format string, args ...any) {
	text := sids.ReplaceAllString(fmt.Sprintf(format, args...), `"sid":"…"`)
	text = strings.ToValidUTF8(text, "�")
	text = strings.NewReplacer("\x1e", "␞", "\n", "␤", "\r", "", "\t", " ").Replace(text)
	if r := []rune(text); len(r) > 60 {
		text = string(r[:57]) + "…"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, said := range s.said {
		if said == text {
			return
		}
	}
	s.said = append(s.said, text)
}

// heard returns what was answered, in short.
func (s *stage) heard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	const most = 3
	if n := len(s.said); n > most {
		return strings.Join(s.said[:most], "; ") + fmt.Sprintf("; and %d more", n-most)
	}
	return strings.Join(s.said, "; ")
}

// wantEnd wants that a session ends for the reason, and returns why.
func (s *stage) wantEnd(reason event.Reason) error {
	s.Helper()
	end := await(s, s.ended)
	require.Equal(s, reason, end.reason, "%v", end.err)
	s.say("%s", reason)
	return end.err
}

// await returns what comes out of the channel.
func await[T any](s *stage, values <-chan T) T {
	s.Helper()
	select {
	case v := <-values:
		return v
	case <-s.ctx.Done():
		require.FailNow(s, "stuck")
		panic("unreachable")
	}
}

// syncBuffer is what a logger writes to.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
