//go:build !js

package transportnative

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
)

// fixed is a source of which nothing is buffered.
type fixed struct{ io.Reader }

func (fixed) Buffered() int { return 0 }

func TestAssemble(t *testing.T) {
	for _, n := range []int{0, 1, 50, minScratch - 1, minScratch, minScratch + 1, maxScratch, maxScratch + 1, 1 << 20} {
		want := bytes.Repeat([]byte("abc"), n/3+1)[:n]
		for _, r := range []io.Reader{bytes.NewReader(want), iotest.HalfReader(bytes.NewReader(want)), iotest.DataErrReader(bytes.NewReader(want))} {
			c := &conn{stream: nothing{}, source: fixed{r}}
			got, err := c.assemble(header{fin: true, op: opBinary, length: n})
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got), "%d bytes", n)
			require.Equal(t, n, cap(got), "memory of the message's size")
		}
	}
	c := &conn{stream: nothing{}, source: fixed{io.MultiReader(strings.NewReader("x"), iotest.ErrReader(io.ErrUnexpectedEOF))}}
	_, err := c.assemble(header{fin: true, op: opBinary, length: 2})
	require.Equal(t, io.ErrUnexpectedEOF, err)
}

// The peer neither reads nor answers: Close returns, and the peer finds the close
// frame behind everything that was written.
func TestCloseDoesNotWait(t *testing.T) {
	p, conn := connectRaw(t, AcceptOptions{}, "")
	p.send(frame(fin|opText, "never read"))
	require.NoError(t, conn.Write(context.Background(), transport.Message{Data: []byte("last words")}))
	require.NoError(t, conn.Close(1000, ""))
	first, payload := p.receive()
	require.Equal(t, byte(fin|opText), first)
	require.Equal(t, "last words", payload)
	p.wantClose(1000)
}

// Nor does it wait for a Write, which may take closeFrameTimeout to end.
func TestCloseDoesNotWaitForAWrite(t *testing.T) {
	p, accepted := connectRaw(t, AcceptOptions{}, "")
	c := accepted.(*conn)
	c.writing.Lock() // as a Write does
	require.NoError(t, c.Close(1000, ""))
	require.Equal(t, transport.ErrClosed, c.failure())
	c.writing.Unlock()
	p.wantClose(1000)
}

func TestCloseChecksItsArguments(t *testing.T) {
	for _, test := range []struct {
		code   int
		reason string
	}{
		{1, ""}, {999, ""}, {1004, ""}, {1005, ""}, {1006, ""}, {1015, ""}, {2999, ""}, {5000, ""}, {-1, ""}, {70000, ""},
		{1000, strings.Repeat("x", 124)},
	} {
		p, conn := connectRaw(t, AcceptOptions{}, "")
		require.ErrorContains(t, conn.Close(test.code, test.reason), "transportnative: close: ")
		p.wantClose(0)
		_, err := conn.Read(context.Background())
		require.Equal(t, transport.ErrClosed, err)
	}
}

// countingConn counts the system calls that write.
type countingConn struct {
	net.Conn
	writes int
}

func (c *countingConn) Write(p []byte) (int, error) {
	c.writes++
	return c.Conn.Write(p)
}

// A batch reaches the socket as a whole, and in one piece when it fits.
func TestWriteIsOneFlush(t *testing.T) {
	p, accepted := connectRaw(t, AcceptOptions{}, "")
	conn := accepted.(*conn)
	socket := &countingConn{Conn: conn.stream}
	conn.stream = socket
	batch := make([]transport.Message, 32)
	for i := range batch {
		batch[i] = transport.Message{Data: payload, Binary: i%2 == 1}
	}
	require.NoError(t, accepted.Write(context.Background(), batch...))
	require.Equal(t, 1, socket.writes)
	for i := range batch {
		first, data := p.receive()
		require.Equal(t, byte(fin|opText+i%2), first)
		require.Equal(t, string(payload), data)
	}
}

// registering is a context that counts what is registered with it.
type registering struct {
	context.Context
	done       chan struct{}
	registered int
	stopped    int
}

func (r *registering) Done() <-chan struct{} { return r.done }

// AfterFunc is what context.AfterFunc calls.
func (r *registering) AfterFunc(func()) (stop func() bool) {
	r.registered++
	return func() bool { r.stopped++; return true }
}

// Calls with one context register with it once each way, until the connection ends.
func TestContextIsWatchedOnce(t *testing.T) {
	p, conn := connectRaw(t, AcceptOptions{}, "")
	ctx := &registering{Context: context.Background(), done: make(chan struct{})}
	for range 3 {
		p.send(frame(fin|opText, "x"))
		_, err := conn.Read(ctx)
		require.NoError(t, err)
		require.NoError(t, conn.Write(ctx, transport.Message{Data: []byte("x")}))
	}
	require.Equal(t, 2, ctx.registered)
	other := &registering{Context: context.Background(), done: make(chan struct{})}
	require.NoError(t, conn.Write(other, transport.Message{Data: []byte("x")}))
	require.Equal(t, []int{1, 1}, []int{ctx.stopped, other.registered})
	require.NoError(t, conn.Close(1000, ""))
	require.Equal(t, []int{2, 1}, []int{ctx.stopped, other.stopped})
	_, err := conn.Read(ctx)
	require.Equal(t, transport.ErrClosed, err)
	require.Equal(t, 2, ctx.registered)
}

// A context that is canceled once its call has returned harms nothing, be it the last
// one that was used or not.
func TestContextOfAnEarlierCall(t *testing.T) {
	p, conn := connectRaw(t, AcceptOptions{}, "")
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, conn.Write(ctx, transport.Message{Data: []byte("x")}))
	p.send(frame(fin|opText, "x"))
	_, err := conn.Read(ctx)
	require.NoError(t, err)
	cancel()
	p.send(frame(fin|opText, "x"))
	_, err = conn.Read(t.Context())
	require.NoError(t, err)
	require.NoError(t, conn.Write(t.Context(), transport.Message{Data: []byte("x")}))
}

// Of two calls at a time each heeds its own context.
func TestContextsOfCallsAtATime(t *testing.T) {
	for _, which := range []string{"first", "second"} {
		_, accepted := connectRaw(t, AcceptOptions{}, "")
		c := accepted.(*conn)
		cause := errors.New("changed my mind")
		first, cancelFirst := context.WithCancelCause(t.Context())
		second, cancelSecond := context.WithCancelCause(t.Context())
		defer cancelFirst(nil)
		defer cancelSecond(nil)
		stop := []func() bool{c.writes.begin(first, c), c.writes.begin(second, c)}
		if which == "first" {
			cancelFirst(cause)
		} else {
			cancelSecond(cause)
		}
		_, err := c.Read(context.Background())
		require.Equal(t, cause, err, which)
		c.writes.end(stop[1])
		c.writes.end(stop[0])
	}
}
