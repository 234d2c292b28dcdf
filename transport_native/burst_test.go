//go:build unix

package transportnative

import (
	"bytes"
	"io"
	"net"
	"os"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

// tcpPair returns the two ends of a connection.
func tcpPair(t *testing.T) (near, far *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	dialed, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = dialed.Close() })
	accepted, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _ = accepted.Close() })
	return accepted.(*net.TCPConn), dialed.(*net.TCPConn)
}

func TestBurstReadsWhatWasSent(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 5*burstSize/16)
	for name, reader := range map[string]func(io.Reader) io.Reader{
		"as it comes":    func(r io.Reader) io.Reader { return r },
		"byte by byte":   iotest.OneByteReader,
		"in half pieces": iotest.HalfReader,
		"in large reads": func(r io.Reader) io.Reader { return io.MultiReader(&largeReads{r}) },
	} {
		t.Run(name, func(t *testing.T) {
			near, far := tcpPair(t)
			go func() { // ends with far, which the test closes
				_, _ = far.Write(content)
				_ = far.CloseWrite()
			}()
			got, err := io.ReadAll(reader(newBurst(near)))
			require.NoError(t, err)
			require.True(t, bytes.Equal(content, got))
		})
	}
}

// largeReads reads more at a time than a burst holds.
type largeReads struct{ io.Reader }

func (r *largeReads) WriteTo(w io.Writer) (n int64, err error) {
	return io.CopyBuffer(w, struct{ io.Reader }{r.Reader}, make([]byte, 3*burstSize))
}

// An idle connection must not cost a buffer.
func TestBurstKeepsNoEmptyBuffer(t *testing.T) {
	near, far := tcpPair(t)
	b := newBurst(near).(*burst)
	_, err := far.Write([]byte("12345"))
	require.NoError(t, err)

	got := make([]byte, 3)
	n, err := io.ReadFull(b, got)
	require.NoError(t, err)
	require.Equal(t, "123", string(got[:n]))
	require.NotNil(t, b.buffer)

	n, err = b.Read(got)
	require.NoError(t, err)
	require.Equal(t, "45", string(got[:n]))
	require.Nil(t, b.buffer)
	require.Nil(t, b.held)
}

func TestBurstEnds(t *testing.T) {
	for _, size := range []int{1, burstSize} {
		p := make([]byte, size)
		near, far := tcpPair(t)
		b := newBurst(near)

		require.NoError(t, near.SetReadDeadline(time.Unix(1, 0)))
		_, err := b.Read(p)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, near.SetReadDeadline(time.Time{}))

		require.NoError(t, far.CloseWrite())
		_, err = b.Read(p)
		require.ErrorIs(t, err, io.EOF)

		require.NoError(t, near.Close())
		_, err = b.Read(p)
		require.ErrorIs(t, err, net.ErrClosed)

		near, far = tcpPair(t)
		require.NoError(t, far.SetLinger(0))
		require.NoError(t, far.Close()) // with a reset
		_, err = newBurst(near).Read(p)
		require.Error(t, err)
		require.NotErrorIs(t, err, io.EOF)
	}
}

// A type that wraps a socket may change what is read, even if it has the methods of one.
func TestBurstLeavesWrappersAlone(t *testing.T) {
	near, _ := tcpPair(t)
	require.Nil(t, newBurst(struct{ *net.TCPConn }{near}))
}
