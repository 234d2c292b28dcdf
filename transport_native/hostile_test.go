//go:build !js

package transportnative

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
)

// closeFrame is a masked close frame with the code.
func closeFrame(code uint16, reason string) string {
	return frame(fin|opClose, string([]byte{byte(code >> 8), byte(code)})+reason)
}

func TestRefusedFrames(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		name   string
		frames string
		code   int
	}{
		{"message over the limit", frame(fin|opBinary, strings.Repeat("x", 1001)), 1009},
		{"fragments over the limit", frame(opText, strings.Repeat("x", 600)) + frame(fin|opContinuation, strings.Repeat("x", 600)), 1009},
		{"length that is not an int64", "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", 1002},
		{"continuation of nothing", frame(fin|opContinuation, "x"), 1002},
		{"text within a fragmented message", frame(opText, "x") + frame(fin|opText, "x"), 1002},
		{"not masked", "\x81\x01x", 1002},
		{"compressed", frame(fin|0x40|opText, "x"), 1002},
		{"reserved bit", frame(fin|0x20|opText, "x"), 1002},
		{"opcode 3", frame(fin|3, "x"), 1002},
		{"opcode 11", frame(fin|11, "x"), 1002},
		{"close with code 1005", closeFrame(1005, ""), 1002},
		{"close with code 999", closeFrame(999, ""), 1002},
		{"close with one byte", frame(fin|opClose, "x"), 1002},
		{"ping over 125 bytes", frame(fin|opPing, strings.Repeat("x", 126)), 1002},
		{"fragmented ping", frame(opPing, "x"), 1002},
		{"text that is not UTF-8", frame(fin|opText, "a\xffb"), 1007},
		{"text with a surrogate", frame(fin|opText, "\xed\xa0\x80"), 1007},
		{"text that ends within a character", frame(fin|opText, "\xe4\xb8"), 1007},
		{"text that ends within a character, behind an empty fragment", frame(opText, "\xe4\xb8") + frame(fin|opContinuation, ""), 1007},
		{"fragment that is not UTF-8, of a text that goes on", frame(opText, "\xe4\xb8") + frame(opContinuation, "\x20"), 1007},
		{"beginning that is not UTF-8, of a frame that goes on", frame(fin|opText, "a\xff"+strings.Repeat("a", 900))[:20], 1007},
		{"close with a reason that is not UTF-8", closeFrame(1000, "\xff"), 1007},
		{"length in two bytes that fits into none", "\x82\xfe\x00\x7d\x00\x00\x00\x00" + strings.Repeat("x", 125), 1002},
		{"length in eight bytes that fits into two", "\x82\xff\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00" + strings.Repeat("x", 256), 1002},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, conn := connectRaw(t, AcceptOptions{MaxMessage: 1000}, "")
			p.send(frame(fin|opText, "before"), test.frames)
			m, err := conn.Read(ctx)
			require.NoError(t, err)
			require.Equal(t, "before", string(m.Data))
			_, err = conn.Read(ctx)
			require.Error(t, err)
			if test.code == 1009 {
				require.ErrorIs(t, err, transport.ErrTooLarge)
			}
			_, again := conn.Read(ctx)
			require.Equal(t, err, again)
			require.Equal(t, &transport.UnsentError{Messages: 1, Err: err}, conn.Write(ctx, transport.Message{}))
			require.NoError(t, conn.Close(1000, ""), "nothing is left to close")
			p.wantClose(test.code)
		})
	}
}

func TestAcceptedFrames(t *testing.T) {
	ctx := context.Background()
	many := func(fragment string) string {
		return frame(opText, "") + strings.Repeat(frame(opContinuation, fragment), 20000) + frame(fin|opContinuation, "")
	}
	for _, test := range []struct {
		name   string
		frames string
		want   string
	}{
		{"whole", frame(fin|opText, "x"), "x"},
		{"at the limit", frame(fin|opText, strings.Repeat("x", 20000)), strings.Repeat("x", 20000)},
		{"fragments", frame(opText, "a") + frame(opContinuation, "b") + frame(fin|opContinuation, "c"), "abc"},
		{"fragments within a character", frame(opText, "\xe4\xb8") + frame(fin|opContinuation, "\x96"), "世"},
		{"pong that was not asked for", frame(fin|opPong, "x") + frame(fin|opText, "x"), "x"},
		{"20,000 fragments of one byte", many("x"), strings.Repeat("x", 20000)},
		{"20,000 empty fragments", many(""), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, conn := connectRaw(t, AcceptOptions{MaxMessage: 20000}, "")
			p.send(test.frames)
			m, err := conn.Read(ctx)
			require.NoError(t, err)
			require.Equal(t, test.want, string(m.Data))
			require.False(t, m.Binary)
		})
	}
}

func TestPingBetweenFragments(t *testing.T) {
	p, conn := connectRaw(t, AcceptOptions{}, "")
	p.send(frame(opText, "a"), frame(fin|opPing, "are you there"), frame(fin|opContinuation, "b"))
	m, err := conn.Read(context.Background())
	require.NoError(t, err)
	require.Equal(t, "ab", string(m.Data))
	first, payload := p.receive()
	require.Equal(t, byte(fin|opPong), first)
	require.Equal(t, "are you there", payload)
}

// A length that is announced costs nothing until the bytes are there.
func TestAnnouncedLength(t *testing.T) {
	p, conn := connectRaw(t, AcceptOptions{MaxMessage: 1000}, "")
	p.send("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", strings.Repeat("x", 1001))
	_, err := conn.Read(context.Background())
	require.ErrorIs(t, err, transport.ErrTooLarge)
	p.wantClose(1009)
}

// Memory is spent on what has arrived, not on what a peer announces or how it cuts it.
func TestMemoryOfFrames(t *testing.T) {
	for _, test := range []struct {
		name, frames string
		fails        bool
	}{
		{"length of 2^63-1", "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00x", true},
		{"length at the limit", "\x82\xff\x00\x00\x00\x00\x3b\x9a\xca\x00\x00\x00\x00\x00x", true},
		{"100,000 fragments of one byte", frame(opText, "") + strings.Repeat(frame(opContinuation, "x"), 100_000) + frame(fin|opContinuation, ""), false},
		{"100,000 empty fragments", frame(opText, "") + strings.Repeat(frame(opContinuation, ""), 100_000) + frame(fin|opContinuation, ""), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, conn := connectRaw(t, AcceptOptions{MaxMessage: 1_000_000_000}, "")
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			sent := make(chan error, 1)
			go func() {
				_, err := io.WriteString(p, test.frames)
				sent <- errors.Join(err, p.CloseWrite())
			}()
			_, err := conn.Read(context.Background())
			runtime.ReadMemStats(&after)
			require.NoError(t, <-sent)
			require.Equal(t, test.fails, err != nil)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4*len(test.frames)+1<<20))
		})
	}
}

func TestBytesBehindTheUpgrade(t *testing.T) {
	t.Run("garbage", func(t *testing.T) {
		p, conn := connectRaw(t, AcceptOptions{}, "test")
		_, err := conn.Read(context.Background())
		require.Error(t, err)
		p.wantClose(1002)
	})
	t.Run("frames", func(t *testing.T) {
		p, conn := connectRaw(t, AcceptOptions{}, frame(fin|opText, "early")+frame(opText, "sp"))
		p.send(frame(fin|opContinuation, "lit"))
		for _, want := range []string{"early", "split"} {
			m, err := conn.Read(context.Background())
			require.NoError(t, err)
			require.Equal(t, want, string(m.Data))
		}
	})
}

// A peer that pings and does not read the pongs ends its connection.
func TestPingFlood(t *testing.T) {
	p, conn := connectRaw(t, AcceptOptions{StallTimeout: 50 * time.Millisecond}, "")
	flooded := make(chan struct{})
	go func() {
		defer close(flooded)
		pings := strings.Repeat(frame(fin|opPing, strings.Repeat("x", 125)), 100)
		for {
			if _, err := p.Write([]byte(pings)); err != nil {
				return
			}
		}
	}()
	_, err := conn.Read(context.Background())
	require.ErrorIs(t, err, transport.ErrStalled)
	<-flooded
}

func TestSlowPeer(t *testing.T) {
	_, conn := connectRaw(t, AcceptOptions{StallTimeout: 50 * time.Millisecond}, "")
	reading := drain(conn)
	large := transport.Message{Data: make([]byte, 1<<20), Binary: true}
	var err error
	for err == nil {
		err = conn.Write(context.Background(), large)
	}
	require.ErrorIs(t, err, transport.ErrStalled)
	require.ErrorIs(t, conn.Write(context.Background(), large), transport.ErrStalled)
	<-reading
}

func TestReset(t *testing.T) {
	p, conn := connectRaw(t, AcceptOptions{}, "")
	p.send(frame(opText, "unfinished"))
	require.NoError(t, p.SetLinger(0))
	require.NoError(t, p.Close())
	_, err := conn.Read(context.Background())
	require.Equal(t, &transport.CloseError{Code: 1006}, err)
}

func TestResetDuringRefusedUpgrade(t *testing.T) {
	a := newAcceptor(AcceptOptions{})
	address := listen(t, a).Listener.Addr().String()
	for range 50 {
		p := dialTCP(t, address)
		p.send("GET / HTTP/1.1\r\nHost: example.com\r\nOrigin: https://evil.example\r\n", upgradeHeader, "\r\n")
		require.NoError(t, p.SetLinger(0))
		require.NoError(t, p.Close())
	}
	p := dialTCP(t, address)
	require.Equal(t, "HTTP/1.1 101 Switching Protocols", handshake(t, p, ""))
	require.NoError(t, (<-a.conns).Close(1000, ""))
	p.wantClose(1000)
}
