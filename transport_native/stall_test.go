//go:build !js

package transportnative

import (
	"bufio"
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
)

// onPipe returns the server's end of a connection on fake time, and its peer's stream.
func onPipe(resumable bool) (c *conn, peer net.Conn) {
	near, far := net.Pipe()
	return &conn{stream: near, resumable: resumable, source: bufio.NewReader(near), stallTimeout: defaultStallTimeout}, far
}

// pace reads, or writes, so many bytes at a time until the stream ends.
func pace(move func([]byte) (int, error), bytes int, every time.Duration) (total int) {
	for {
		n, err := move(make([]byte, bytes))
		if total += n; err != nil {
			return total
		}
		time.Sleep(every)
	}
}

var kinds = []struct {
	name      string
	resumable bool
}{{"socket", true}, {"other stream", false}}

// A peer that takes little, but enough, gets it all, however long that takes. One that
// takes a byte now and then does not hold the connection.
func TestWriteToASlowPeer(t *testing.T) {
	message := transport.Message{Data: make([]byte, 300_000), Binary: true}
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, peer := onPipe(kind.resumable)
				total := make(chan int)
				go func() { total <- pace(peer.Read, 1100, time.Second) }()
				begin := time.Now()
				require.NoError(t, c.Write(context.Background(), message, message))
				require.Greater(t, time.Since(begin), 500*time.Second)
				require.NoError(t, c.stream.Close())
				require.Equal(t, 2*(10+len(message.Data)), <-total)
				require.Equal(t, int64(2*(10+len(message.Data))), c.Moved())
			})
			synctest.Test(t, func(t *testing.T) {
				c, peer := onPipe(kind.resumable)
				total := make(chan int)
				go func() { total <- pace(peer.Read, 1, 9*time.Second) }()
				begin := time.Now()
				err := c.Write(context.Background(), message)
				require.ErrorIs(t, err, transport.ErrStalled)
				require.Equal(t, 12500*time.Millisecond, time.Since(begin))
				require.Equal(t, 2, <-total)
			})
		})
	}
}

// A message that arrives slowly is waited for, one that does not arrive is not.
func TestReadFromASlowPeer(t *testing.T) {
	head := appendHeader(nil, fin|opBinary, 300_000, 0, false)
	synctest.Test(t, func(t *testing.T) {
		c, peer := onPipe(true)
		c.client = true
		sent := make(chan int)
		go func() {
			_, _ = peer.Write(head)
			sent <- pace(peer.Write, 600, time.Second/2)
		}()
		m, err := c.Read(context.Background())
		require.NoError(t, err)
		require.Len(t, m.Data, 300_000)
		require.NoError(t, c.stream.Close())
		<-sent
	})
	synctest.Test(t, func(t *testing.T) {
		c, peer := onPipe(true)
		c.client = true
		sent := make(chan int)
		go func() {
			time.Sleep(time.Hour) // between messages a peer may take its time
			_, _ = peer.Write(head)
			sent <- pace(peer.Write, 1, 9*time.Second)
		}()
		begin := time.Now()
		_, err := c.Read(context.Background())
		require.ErrorIs(t, err, transport.ErrStalled)
		require.Equal(t, time.Hour+10*time.Second, time.Since(begin))
		<-sent
	})
}

// What did not begin to leave is told.
func TestUnsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := onPipe(true)
		large := transport.Message{Data: make([]byte, batchSize)}
		go func() {
			_, _ = io.ReadFull(peer, make([]byte, 5+batchSize/2))
			_ = peer.Close()
		}()
		err := c.Write(context.Background(), large, transport.Message{Data: []byte("a")}, large, large)
		var unsent *transport.UnsentError
		require.ErrorAs(t, err, &unsent)
		require.Equal(t, 3, unsent.Messages)
		err = c.Write(context.Background(), large)
		require.ErrorAs(t, err, &unsent)
		require.Equal(t, 1, unsent.Messages)
	})
}

// What the peer sends is read while a Write waits for it to read, pings among it: the
// last of them is answered afterwards.
func TestPingsWhileAWriteWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, far := onPipe(true)
		written := make(chan error, 1)
		go func() { written <- c.Write(context.Background(), transport.Message{Data: make([]byte, 100)}) }()
		synctest.Wait()
		go func() {
			for _, payload := range []string{"first", "last"} {
				_, _ = far.Write(append(appendHeader(nil, fin|opPing, len(payload), 0, true), payload...))
			}
			_, _ = far.Write(append(appendHeader(nil, fin|opText, 2, 0, true), "on"...))
		}()
		m, err := c.Read(context.Background())
		require.NoError(t, err)
		require.Equal(t, "on", string(m.Data))
		require.Empty(t, written)
		got := make([]byte, 2+100+2+len("last"))
		_, err = io.ReadFull(far, got)
		require.NoError(t, err)
		require.NoError(t, <-written)
		require.Equal(t, append([]byte{fin | opPong, 4}, "last"...), got[102:])
	})
}

// short is a stream that takes so many bytes.
type short struct {
	net.Conn
	left int
}

func (s *short) Write(p []byte) (int, error) {
	n := min(len(p), s.left)
	s.left -= n
	if n < len(p) {
		return n, io.ErrClosedPipe
	}
	return n, nil
}

// What counts is what the stream has taken: a message has left when its first byte has,
// whatever it was to be written with.
func TestUnsentIsCountedByTheByte(t *testing.T) {
	messages := []transport.Message{
		{Data: make([]byte, 10), Lead: '4'}, {Data: make([]byte, 200), Binary: true}, {}, {Data: make([]byte, 3*batchSize)}, {Data: make([]byte, 70_000)}, {Data: []byte("end")},
	}
	for _, client := range []bool{true, false} {
		var begins []int // where the frames begin
		total := 0
		for _, m := range messages {
			begins = append(begins, total)
			total += len(appendHeader(nil, 0, m.Len(), 0, client)) + m.Len()
		}
		for _, begin := range append(begins, total) {
			for taken := max(begin-1, 0); taken < min(begin+2, total); taken++ {
				c, _ := onPipe(false)
				c.client, c.stream = client, &short{c.stream, taken}
				want := 0
				for _, b := range begins {
					if b >= taken {
						want++
					}
				}
				var unsent *transport.UnsentError
				require.ErrorAs(t, c.Write(context.Background(), messages...), &unsent)
				require.Equal(t, want, unsent.Messages, "%d of %d bytes taken, client %v", taken, total, client)
			}
		}
	}
}

// Settle returns when the peer has answered, and when it cannot any more.
func TestSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, far := onPipe(true)
		peer := &conn{client: true, stream: far, source: bufio.NewReader(far), stallTimeout: defaultStallTimeout}
		go func() { _, _ = c.Read(context.Background()) }()
		settled := make(chan struct{}, 1)
		settle := func() {
			c.Settle(context.Background())
			settled <- struct{}{}
		}
		go settle()
		synctest.Wait()
		require.Empty(t, settled)
		go func() { _, _ = peer.Read(context.Background()) }()
		<-settled

		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		c.ponged([]byte("anything"))
		require.NoError(t, peer.Close(0, ""))
		c.Settle(ctx)
		require.NoError(t, ctx.Err(), "the end of the connection ends the waiting")
	})
}
