package transporttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/isosocket/isosocket/transport"
)

// TestConn tests both ends of connections that pair makes, each end in turn with
// a [Peer] at the other. A message of more than maxMessage bytes (0 means no limit) must end either
// of them. The loss of a connection is tested if the ends are a [Dropper].
//
// The suite closes every connection. That the implementation leaves no goroutine
// behind is for the TestMain of its package to check.
func TestConn(t *testing.T, pair func(t *testing.T, maxMessage int) (a, b transport.Conn)) {
	for _, role := range []string{"first", "second"} {
		t.Run(role, func(t *testing.T) {
			peer := new(Peer)
			var drops atomic.Bool
			open := func(t *testing.T, maxMessage int) transport.Conn {
				tested, other := pair(t, maxMessage)
				if role == "second" {
					tested, other = other, tested
				}
				if _, can := other.(Dropper); can {
					drops.Store(true)
				}
				ctx, cancel := context.WithCancel(context.Background())
				served := make(chan struct{})
				go func() { // ends with other, the cleanup waits for it
					defer close(served)
					peer.Serve(ctx, other)
				}()
				t.Cleanup(func() {
					_ = tested.Close(0, "")
					cancel()
					<-served
				})
				return tested
			}
			open(t, 0)
			testConn(t, subject{open: open, drops: drops.Load(), tooLarge: 1009})
		})
	}
}

// Target is a runtime to test and the [Server] that it is tested against.
type Target struct {
	Dialer       transport.Dialer       // for TestDialer
	RoundTripper transport.RoundTripper // for TestRoundTripper

	// URL is the http: or https: URL that the Server is reached at, without a slash at its end.
	URL string

	// TooLarge is the code that the peer sees when it sent a message over the
	// limit. If zero, it is 1009. A browser cannot send that one.
	TooLarge int

	// LosesUnread says that the runtime drops what it has received when it fails to
	// send, as the WebSocket of Node.js does. If set, that is not tested.
	LosesUnread bool

	// Repeats says that the runtime may send a request again, a POST too, when its
	// connection breaks before the answer begins, as browsers do. If set, that is allowed.
	Repeats bool
}

// TestDialer tests the Dialer of the target and the connections that it opens.
func TestDialer(t *testing.T, target Target) {
	s := subject{drops: true, tooLarge: target.TooLarge, losesUnread: target.LosesUnread}
	if s.tooLarge == 0 {
		s.tooLarge = 1009
	}
	url := "ws" + strings.TrimPrefix(target.URL, "http")
	s.open = func(t *testing.T, maxMessage int) transport.Conn {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel() // which must not harm the connection
		conn, err := target.Dialer.Dial(ctx, url+"/peer", maxMessage)
		if err != nil {
			t.Fatalf("Dial: %v", err)
		}
		t.Cleanup(func() { _ = conn.Close(0, "") })
		return conn
	}
	t.Run("dial", func(t *testing.T) { testDial(t, target.Dialer, url) })
	testConn(t, s)
}

func testDial(t *testing.T, d transport.Dialer, url string) {
	refused := func(t *testing.T, ctx context.Context, url string) error {
		t.Helper()
		conn, err := d.Dial(ctx, url, 0)
		if err == nil {
			_ = conn.Close(0, "")
			t.Fatal("Dial succeeded")
		}
		if conn != nil {
			t.Errorf("Dial returned a connection beside the error %v", err)
		}
		return err
	}
	t.Run("not a WebSocket", func(t *testing.T) {
		err := refused(t, within(t), url+"/status?code=403")
		var handshake *transport.HandshakeError
		if errors.As(err, &handshake) && (handshake.Status != 403 || handshake.Body != "status 403") {
			t.Errorf("Dial returned %v", err)
		}
	})
	t.Run("context ends while waiting", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		if err := refused(t, ctx, url+"/silent"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Dial returned %v", err)
		}
	})
	t.Run("context has ended", func(t *testing.T) {
		cause := errors.New("changed my mind")
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(cause)
		if err := refused(t, ctx, url+"/peer"); !errors.Is(err, cause) {
			t.Errorf("Dial returned %v", err)
		}
	})
	t.Run("URL", func(t *testing.T) {
		refused(t, within(t), "gopher://127.0.0.1/")
		refused(t, within(t), "ws://%")
	})
}

// patience is how long a test waits before it calls the implementation stuck.
const patience = 30 * time.Second

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// subject is how the cases get their connections.
type subject struct {
	open     func(t *testing.T, maxMessage int) transport.Conn
	drops    bool // the peer is a Dropper
	tooLarge int

	losesUnread bool // when it cannot write
}

// end is the end of a connection that is tested.
type end struct {
	transport.Conn
	t   *testing.T
	ctx context.Context
}

func (s subject) dial(t *testing.T) *end { return s.dialLimited(t, 0) }

func (s subject) dialLimited(t *testing.T, maxMessage int) *end {
	t.Helper()
	return &end{s.open(t, maxMessage), t, within(t)}
}

// tell sends a command to the peer.
func (e *end) tell(format string, args ...any) {
	e.t.Helper()
	e.send(text(fmt.Sprintf("!"+format, args...)))
}

func (e *end) send(messages ...transport.Message) {
	e.t.Helper()
	if err := e.Write(e.ctx, messages...); err != nil {
		e.t.Fatalf("Write: %v", err)
	}
}

func (e *end) receive() transport.Message {
	e.t.Helper()
	m, err := e.Read(e.ctx)
	if err != nil {
		e.t.Fatalf("Read: %v", err)
	}
	return m
}

func (e *end) want(m transport.Message) {
	e.t.Helper()
	if got := e.receive(); !same(got, m) {
		e.t.Fatalf("read %s, want %s", abbreviate(got), abbreviate(m))
	}
}

// fails demands that Read returns an error, and the same again.
func (e *end) fails() error {
	e.t.Helper()
	m, err := e.Read(e.ctx)
	if err == nil {
		e.t.Fatalf("read %s, want an error", abbreviate(m))
	}
	if _, again := e.Read(e.ctx); again == nil || again.Error() != err.Error() {
		e.t.Errorf("Read returned %v, and then %v", err, again)
	}
	return err
}

func (e *end) wantClosed(code int, reason string) {
	e.t.Helper()
	err := e.fails()
	var closed *transport.CloseError
	if !errors.As(err, &closed) || closed.Code != code || closed.Reason != reason {
		e.t.Fatalf("Read returned %v, want code %d and reason %q", err, code, reason)
	}
}

// wantError demands that err matches the target.
func (e *end) wantError(operation string, err, target error) {
	e.t.Helper()
	if !errors.Is(err, target) {
		e.t.Errorf("%s returned %v, want %v", operation, err, target)
	}
}

func same(a, b transport.Message) bool {
	return a.Binary == b.Binary && string(a.Data) == string(b.Data)
}

func abbreviate(m transport.Message) string {
	kind := "text"
	if m.Binary {
		kind = "binary"
	}
	return fmt.Sprintf("%s of %d bytes %.40q", kind, len(m.Data), m.Data)
}
