package transporttest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport/transporttest"
)

// onNetwork runs play on fake time with both ends of a connection, and demands that
// neither goroutine nor connection is left.
func onNetwork(t *testing.T, play func(t *testing.T, n *transporttest.Network, dialed, accepted net.Conn)) {
	onDoomedNetwork(t, nil, play)
}

func onDoomedNetwork(t *testing.T, fate func() *transporttest.Break, play func(t *testing.T, n *transporttest.Network, dialed, accepted net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		n := transporttest.NewNetwork(1)
		n.Latency = 10 * time.Millisecond
		n.Fate = fate
		l, err := n.Listen("server:80")
		require.NoError(t, err)
		accepted := make(chan net.Conn, 1)
		go func() {
			c, _ := l.Accept()
			accepted <- c
		}()
		dialed, err := n.Dial(t.Context(), "tcp", "server:80")
		require.NoError(t, err)
		far := <-accepted
		require.Equal(t, 1, n.Open())
		play(t, n, dialed, far)
		_ = dialed.Close()
		_ = far.Close()
		require.NoError(t, l.Close())
		require.Zero(t, n.Open())
	})
}

func write(t *testing.T, c net.Conn, s string) {
	t.Helper()
	n, err := io.WriteString(c, s)
	require.NoError(t, err)
	require.Equal(t, len(s), n)
}

func wantRead(t *testing.T, c net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	_, err := io.ReadFull(c, got)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
}

func wantReadError(t *testing.T, c net.Conn, want error) {
	t.Helper()
	n, err := c.Read(make([]byte, 1))
	require.Zero(t, n)
	require.ErrorIs(t, err, want)
}

func wantWriteError(t *testing.T, c net.Conn, want error) {
	t.Helper()
	_, err := io.WriteString(c, "x")
	require.ErrorIs(t, err, want)
}

func TestNetworkKeepsOrder(t *testing.T) {
	onNetwork(t, func(t *testing.T, n *transporttest.Network, dialed, accepted net.Conn) {
		const text = "the quick brown fox jumps over the lazy dog"
		start := time.Now()
		for _, word := range strings.SplitAfter(text, " ") {
			write(t, dialed, word)
		}
		require.Zero(t, time.Since(start), "a Write does not wait")
		require.NoError(t, dialed.Close())
		got, err := io.ReadAll(accepted)
		require.NoError(t, err)
		require.Equal(t, text, string(got))
		require.NotZero(t, time.Since(start))
		require.LessOrEqual(t, time.Since(start), n.Latency)
	})
}

func TestNetworkCloseWrite(t *testing.T) {
	onNetwork(t, func(t *testing.T, n *transporttest.Network, dialed, accepted net.Conn) {
		write(t, dialed, "question")
		require.NoError(t, dialed.(interface{ CloseWrite() error }).CloseWrite())
		wantWriteError(t, dialed, syscall.EPIPE)
		wantRead(t, accepted, "question")
		wantReadError(t, accepted, io.EOF)
		write(t, accepted, "answer")
		wantRead(t, dialed, "answer")
	})
}

func TestNetworkClose(t *testing.T) {
	onNetwork(t, func(t *testing.T, n *transporttest.Network, dialed, accepted net.Conn) {
		reading := make(chan error, 1)
		go func() {
			_, err := dialed.Read(make([]byte, 1))
			reading <- err
		}()
		synctest.Wait()
		require.NoError(t, dialed.Close())
		require.ErrorIs(t, <-reading, net.ErrClosed)
		wantReadError(t, dialed, net.ErrClosed)
		wantWriteError(t, dialed, net.ErrClosed)
		require.ErrorIs(t, dialed.SetDeadline(time.Now()), net.ErrClosed)
		require.ErrorIs(t, dialed.Close(), net.ErrClosed)
		require.Equal(t, 1, n.Open(), "the other end is open")

		wantReadError(t, accepted, io.EOF)
		write(t, accepted, "to nobody")
		time.Sleep(2 * n.Latency)
		wantWriteError(t, accepted, syscall.ECONNRESET)
	})
}

// As with TCP: what the closing end has not read costs the peer what it has not read.
func TestNetworkCloseUnread(t *testing.T) {
	onNetwork(t, func(t *testing.T, n *transporttest.Network, dialed, accepted net.Conn) {
		write(t, dialed, "never read")
		write(t, accepted, "lost")
		require.NoError(t, accepted.Close())
		time.Sleep(3 * n.Latency)
		wantReadError(t, dialed, syscall.ECONNRESET)
	})
}

func TestNetworkBuffer(t *testing.T) {
	onNetwork(t, func(t *testing.T, _ *transporttest.Network, dialed, accepted net.Conn) {
		text := strings.Repeat("0123456789", 20_000)
		written := make(chan error, 1)
		go func() {
			_, err := io.WriteString(dialed, text)
			written <- err
		}()
		synctest.Wait()
		require.Empty(t, written, "waits for the peer to read")
		wantRead(t, accepted, text)
		require.NoError(t, <-written)

		require.NoError(t, dialed.SetWriteDeadline(time.Now().Add(time.Second)))
		n, err := io.WriteString(dialed, text)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		wantRead(t, accepted, text[:n])
		require.NoError(t, dialed.SetDeadline(time.Time{}))
		write(t, dialed, "on")
		wantRead(t, accepted, "on")
	})
}

// A Write does not wait while there is room.
func TestNetworkLargeBuffer(t *testing.T) {
	onNetwork(t, func(t *testing.T, n *transporttest.Network, dialed, accepted net.Conn) {
		n.Buffer = 1 << 20
		text := strings.Repeat("0123456789", 100_000)
		begin := time.Now()
		write(t, dialed, text)
		require.Zero(t, time.Since(begin))
		wantRead(t, accepted, text)
	})
}

func TestNetworkReadDeadline(t *testing.T) {
	onNetwork(t, func(t *testing.T, _ *transporttest.Network, dialed, accepted net.Conn) {
		start := time.Now()
		require.NoError(t, dialed.SetReadDeadline(start.Add(time.Second)))
		wantReadError(t, dialed, os.ErrDeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))

		require.NoError(t, dialed.SetReadDeadline(time.Time{}))
		reading := make(chan error, 1)
		go func() {
			_, err := dialed.Read(make([]byte, 1))
			reading <- err
		}()
		synctest.Wait()
		require.NoError(t, dialed.SetDeadline(time.Unix(1, 0)), "of a Read that waits")
		var timeout net.Error
		require.ErrorAs(t, <-reading, &timeout)
		require.True(t, timeout.Timeout())
		wantWriteError(t, dialed, os.ErrDeadlineExceeded)
	})
}

func TestNetworkCut(t *testing.T) {
	onNetwork(t, func(t *testing.T, n *transporttest.Network, dialed, accepted net.Conn) {
		write(t, dialed, "lost")
		require.True(t, n.Cut())
		for _, c := range []net.Conn{dialed, accepted} {
			wantReadError(t, c, syscall.ECONNRESET)
			wantWriteError(t, c, syscall.ECONNRESET)
		}
		require.False(t, n.Cut(), "there is no other")
		require.Equal(t, 1, n.Open(), "until it is closed")
		require.Equal(t, transporttest.Faults{Cuts: 1}, n.Faults())
	})
}

func TestNetworkHalfOpen(t *testing.T) {
	onNetwork(t, func(t *testing.T, n *transporttest.Network, dialed, accepted net.Conn) {
		write(t, dialed, "lost")
		write(t, accepted, "lost")
		require.True(t, n.HalfOpen())
		left := []net.Conn{dialed, accepted}
		gone := func(c net.Conn) bool {
			_, err := io.WriteString(c, "x")
			return errors.Is(err, syscall.ECONNRESET)
		}
		left = slices.DeleteFunc(left, gone)
		require.Len(t, left, 1)
		write(t, left[0], strings.Repeat("vanishes", 100_000))
		require.NoError(t, left[0].SetReadDeadline(time.Now().Add(time.Hour)))
		wantReadError(t, left[0], os.ErrDeadlineExceeded)
		require.False(t, n.HalfOpen())
		require.Equal(t, transporttest.Faults{HalfOpen: 1}, n.Faults())
	})
}

func TestNetworkLose(t *testing.T) {
	onNetwork(t, func(t *testing.T, n *transporttest.Network, dialed, accepted net.Conn) {
		require.True(t, n.Lose())
		n.Spare()
		write(t, accepted, "greeting")
		wantRead(t, dialed, "greeting")
		require.True(t, n.Lose())
		require.Zero(t, n.Faults(), "not yet")
		write(t, dialed, "question")
		wantRead(t, accepted, "question")
		write(t, accepted, "answer")
		require.Equal(t, transporttest.Faults{Losses: 1}, n.Faults())
		wantReadError(t, dialed, syscall.ECONNRESET)
		wantReadError(t, accepted, syscall.ECONNRESET)
	})
}

func TestNetworkDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := transporttest.NewNetwork(1)
		_, err := n.Dial(t.Context(), "tcp", "server:80")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)

		l, err := n.Listen("server:80")
		require.NoError(t, err)
		_, err = n.Listen("server:80")
		require.ErrorIs(t, err, syscall.EADDRINUSE)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = n.Dial(ctx, "tcp", "server:80")
		require.ErrorIs(t, err, context.DeadlineExceeded, "nobody accepts")

		dialing := make(chan error, 1)
		go func() {
			_, err := n.Dial(t.Context(), "tcp", "server:80")
			dialing <- err
		}()
		synctest.Wait()
		require.NoError(t, l.Close())
		require.NoError(t, l.Close())
		require.ErrorIs(t, <-dialing, syscall.ECONNREFUSED)
		_, err = l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
		require.Zero(t, n.Open())
		_, err = n.Listen("server:80")
		require.NoError(t, err, "the address is free again")
	})
}

func TestRate(t *testing.T) {
	onNetwork(t, func(t *testing.T, n *transporttest.Network, a, b net.Conn) {
		n.Latency, n.Rate = 0, 1000
		begin := time.Now()
		go func() { _, _ = a.Write(make([]byte, 10_000)) }()
		for _, seconds := range []time.Duration{5, 10} {
			_, err := io.ReadFull(b, make([]byte, 5000))
			require.NoError(t, err)
			require.Equal(t, seconds*time.Second, time.Since(begin))
		}
	})
}

// Where a connection breaks, what was sent before has arrived, and nothing arrives that
// either end sends then.
func TestNetworkFate(t *testing.T) {
	for _, how := range []transporttest.How{transporttest.Reset, transporttest.Finish, transporttest.Stall} {
		for _, down := range []bool{false, true} {
			for _, after := range []int{0, 1, 7, 10} {
				t.Run(fmt.Sprintf("%v after %d, down %v", how, after, down), func(t *testing.T) {
					fate := func() *transporttest.Break { return &transporttest.Break{How: how, After: after, Down: down} }
					onDoomedNetwork(t, fate, func(t *testing.T, n *transporttest.Network, dialed, accepted net.Conn) {
						from, to := dialed, accepted
						if down {
							from, to = accepted, dialed
						}
						write(t, to, "before")
						wantRead(t, from, "before")
						arrived := make(chan string, 1)
						ended := make(chan error, 1)
						go func() {
							got := make([]byte, after)
							k, _ := io.ReadFull(to, got)
							arrived <- string(got[:k])
							_, err := to.Read(make([]byte, 1))
							ended <- err
						}()
						write(t, from, "0123456789")
						if how != transporttest.Reset { // which may come before they are read
							require.Equal(t, "0123456789"[:after], <-arrived)
						}
						require.Equal(t, 1, n.Faults().Breaks[how])
						time.Sleep(3 * n.Latency)
						switch how {
						case transporttest.Reset:
							require.ErrorIs(t, <-ended, syscall.ECONNRESET)
							wantWriteError(t, from, syscall.ECONNRESET)
							wantWriteError(t, to, syscall.ECONNRESET)
						case transporttest.Finish:
							require.ErrorIs(t, <-ended, io.EOF)
							write(t, to, "to nobody")
							time.Sleep(2 * n.Latency)
							wantWriteError(t, to, syscall.ECONNRESET)
						case transporttest.Stall:
							write(t, to, "to nobody")
							require.NoError(t, from.SetReadDeadline(time.Now().Add(time.Hour)))
							wantReadError(t, from, os.ErrDeadlineExceeded)
							require.Empty(t, ended)
							require.NoError(t, to.SetWriteDeadline(time.Now().Add(time.Hour)))
							_, err := to.Write(make([]byte, 1<<20))
							require.ErrorIs(t, err, os.ErrDeadlineExceeded, "there is no room")
							require.NoError(t, to.Close())
							require.ErrorIs(t, <-ended, net.ErrClosed)
						}
					})
				})
			}
		}
	}
}
