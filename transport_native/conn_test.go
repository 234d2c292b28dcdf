//go:build !js

package transportnative

import (
	"bytes"
	"context"
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
			c := &conn{source: fixed{r}}
			got, err := c.assemble(header{fin: true, op: opBinary, length: n})
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got), "%d bytes", n)
			require.Equal(t, n, cap(got), "memory of the message's size")
		}
	}
	c := &conn{source: fixed{io.MultiReader(strings.NewReader("x"), iotest.ErrReader(io.ErrUnexpectedEOF))}}
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
