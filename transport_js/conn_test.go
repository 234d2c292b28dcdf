//go:build js

package transportjs

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
)

// Messages that look like what a batch is told apart by.
func TestAwkwardMessagesCrossUnchanged(t *testing.T) {
	c := dial(t)
	for _, group := range [][]transport.Message{
		{text("\x1e")},
		{text("a\x1eb"), text("c")},
		{text("a"), text("b"), text("\x1e"), text("")},
		{text(""), text(""), text("")},
		{text("[object ArrayBuffer]"), text("x")},
		{text("grüße, 世界 🌍"), text("\x00")},
		{text("event"), binaryMessage("1"), binaryMessage(""), binaryMessage("\x1e3")},
		{binaryMessage("a"), text("b\x1e"), binaryMessage("c")},
	} {
		send(t, c, group...)
		for i, want := range group {
			got := read(t, c)
			require.Equal(t, want.Binary, got.Binary, "message %d of %q", i, group)
			require.Equal(t, string(want.Data), string(got.Data), "message %d of %q", i, group)
		}
	}
}

func TestReceivedDataBelongsToCaller(t *testing.T) {
	c := dial(t)
	tell(t, c, "batch 100 1000")
	var all []transport.Message
	for range 100 {
		m := read(t, c)
		all = append(all, m)
		_ = append(m.Data, "written behind the message by its owner"...)
	}
	for i, m := range all {
		require.Equal(t, strconv.Itoa(i), string(m.Data))
	}
}

func TestBurstArrivesInOrder(t *testing.T) {
	const count = 5000
	for name, make := range map[string]func(i int) transport.Message{
		"texts": func(i int) transport.Message { return text(strconv.Itoa(i)) },
		"texts with separators": func(i int) transport.Message {
			if i%7 == 0 {
				return text(fmt.Sprintf("%d\x1e%d", i, i))
			}
			return text(strconv.Itoa(i))
		},
		"binary": func(i int) transport.Message { return binaryMessage(strconv.Itoa(i)) },
		"all kinds": func(i int) transport.Message {
			s := strings.Repeat(strconv.Itoa(i), i%100)
			switch {
			case i%101 == 0:
				return text(s + "\x1e")
			case i%103 < 3:
				return binaryMessage(s)
			}
			return text(s)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t)
			var burst []transport.Message
			for i := range count {
				burst = append(burst, make(i))
			}
			send(t, c, append(burst, text("!close 4001 done"))...)
			for i, want := range burst {
				got := read(t, c)
				require.Equal(t, want.Binary, got.Binary, "message %d", i)
				require.Equal(t, string(want.Data), string(got.Data), "message %d", i)
			}
			_, err := c.Read(testContext(t))
			require.Equal(t, &transport.CloseError{Code: 4001, Reason: "done"}, err)
		})
	}
}

// A line that becomes busy, and quiet again, is listened to in both ways.
func TestQuietAndBusyTakeTurns(t *testing.T) {
	c := dial(t)
	for range 3 {
		for i := range 3 * maxRun {
			send(t, c, text(strconv.Itoa(i)))
			require.Equal(t, strconv.Itoa(i), string(read(t, c).Data))
		}
		burst := make([]transport.Message, 3*maxBatch)
		for i := range burst {
			burst[i] = text(strconv.Itoa(i))
		}
		send(t, c, burst...)
		for i := range burst {
			require.Equal(t, strconv.Itoa(i), string(read(t, c).Data))
		}
	}
}

func TestNothingIsLostBeforeClose(t *testing.T) {
	for _, verb := range []string{"burst", "batch"} {
		c := dial(t)
		tell(t, c, "%s 5000 1000", verb)
		for i := range 5000 {
			require.Equal(t, strconv.Itoa(i), string(read(t, c).Data))
		}
		_, err := c.Read(testContext(t))
		require.Equal(t, &transport.CloseError{Code: 1000}, err)
	}
}

func TestCloseTellsPeer(t *testing.T) {
	long := strings.Repeat("x", 122) + "é"
	for name, test := range map[string]struct {
		code   int
		reason string
		want   string
	}{
		"none":          {0, "", "1005"},
		"normal":        {1000, "bye", "1000 bye"},
		"going away":    {1001, "", "4001"},
		"too large":     {1009, "big", "4009 big"},
		"last":          {4999, "", "4999"},
		"reserved":      {2999, "ignored", "1005"},
		"out of range":  {5000, "ignored", "1005"},
		"negative":      {-1, "", "1005"},
		"reason is cut": {1000, long, "1000 " + long[:122]},
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t)
			name := nameOf(t, c)
			require.NoError(t, c.Close(test.code, test.reason))
			require.Equal(t, test.want, ended(t, name))
		})
	}
}

func TestNothingEntersGoAfterClose(t *testing.T) {
	c := dial(t)
	before := lent.Load()
	name := nameOf(t, c)
	tell(t, c, "flood")
	read(t, c)
	require.NoError(t, c.Close(4000, ""))
	require.Less(t, lent.Load(), before)
	require.Equal(t, "4000", ended(t, name)) // the spy on the console hears until here
}

func TestTooManyUnreadCloseSocket(t *testing.T) {
	watchBorder(t)
	d := Platform(nil).Dialer.(*dialer)
	d.maxUnread = 1000
	opened, err := d.Dial(testContext(t), peerURL("ws", "/peer"), 0)
	require.NoError(t, err)
	c := opened.(*conn)
	name := nameOf(t, c)
	send(t, c, text(strings.Repeat("x", 600)), text(strings.Repeat("y", 600)))
	require.Equal(t, "1005", ended(t, name))
	for err == nil {
		_, err = c.Read(testContext(t))
	}
	require.ErrorIs(t, err, ErrUnread)
	require.ErrorIs(t, c.Write(testContext(t), text("x")), ErrUnread)
	require.NoError(t, c.Close(1000, ""))
}

func TestWriteWaitsForSlowPeer(t *testing.T) {
	const count = 24
	block := text(strings.Repeat("x", 1<<20))
	c, other := dial(t), dial(t)
	tell(t, c, "deaf %s", t.Name())
	var wait sync.WaitGroup
	wait.Go(func() {
		for range count {
			if err := c.Write(t.Context(), block); err != nil {
				t.Error(err)
			}
			var s script
			if n := s.int(s.get(c.socket, "bufferedAmount")); n > maxBuffered+maxUnchecked+2*len(block.Data) {
				t.Errorf("the browser holds %d bytes", n)
			}
		}
	})
	tell(t, other, "wake %s", t.Name())
	for range count {
		require.Len(t, read(t, c).Data, len(block.Data))
	}
	wait.Wait()
}

func TestReaderThatIsAlwaysBehindHoldsNoMore(t *testing.T) {
	c := &conn{limits: limits{unread: maxUnread}, arrived: make(chan struct{}, 1), done: make(chan struct{})}
	next := 0
	for i := range 10000 {
		require.True(t, c.received([]transport.Message{text(strconv.Itoa(2 * i)), text(strconv.Itoa(2*i + 1))}, nil))
		for range min(2, i) { // two messages stay behind
			require.Equal(t, strconv.Itoa(next), string(read(t, c).Data))
			next++
		}
	}
	require.Less(t, cap(c.messages), 32)
}

func TestOneMessageMayBeLargerThanUnreadLimit(t *testing.T) {
	c := &conn{limits: limits{unread: 10}, arrived: make(chan struct{}, 1), done: make(chan struct{})}
	require.True(t, c.received([]transport.Message{text("12345678901")}, nil))
	require.Equal(t, "12345678901", string(read(t, c).Data))
}
