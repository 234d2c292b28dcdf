package engineclient

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/transporttest"
)

// wantUnsent checks what the session gives back, one string a packet.
func (d *dialogue) wantUnsent(want ...string) {
	d.Helper()
	<-d.served
	var got []string
	for _, packet := range d.session.Unsent() {
		for _, m := range packet {
			got = append(got, string(m.Data))
		}
	}
	require.Equal(d, want, got)
	require.Empty(d, d.session.Unsent(), "once")
}

func (d *dialogue) sendAs(kind Kind, text string) {
	d.Helper()
	require.NoError(d, d.session.Send([]transport.Message{{Data: []byte(text)}}, kind))
}

// What a request was begun with may have arrived; what waited behind it has not.
func TestUnsentOnPolling(t *testing.T) {
	play(t, pollingOnly, func(d *dialogue) {
		d.open()
		d.get()
		d.send("4a")
		post := d.post("4a")
		d.sendAs(Ordinary, "b")
		d.sendAs(Control, "ack")
		d.sendAs(Accepted, "c")
		post.status(502, "")
		d.wantUnsent("b", "c")
	})
	play(t, pollingOnly, func(d *dialogue) {
		d.open()
		d.get()
		long := make([]byte, 60) // two do not fit into one request
		for i := range long {
			long[i] = 'x'
		}
		d.send("4a")
		first := d.post("4a")
		for range 3 {
			d.sendAs(Ordinary, string(long))
		}
		first.reply("ok")
		d.post("4"+string(long)).status(502, "")
		d.wantUnsent(string(long), string(long))
	})
}

func TestUnsentOnAWebSocket(t *testing.T) {
	play(t, webSocketOnly, func(d *dialogue) {
		var ws *transporttest.PipeConn
		d.opening(func() {
			var err error
			ws, _, err = d.listener.Accept(d.Context())
			require.NoError(d, err)
			require.NoError(d, ws.Write(d.Context(), d.handshake.Encode()))
		})
		for range transporttest.PipeBuffer {
			d.send("4a")
		}
		d.send("4b") // which the peer does not take
		d.sendAs(Ordinary, "c")
		d.sendAs(Control, "ack")
		d.sendAs(Ordinary, "d")
		synctest.Wait()
		ws.Drop()
		d.wantUnsent("b", "c", "d")
	})
}

// settler is a connection that is asked whether the server has dealt with everything.
type settler struct {
	transport.Conn
	asked chan struct{}
	done  chan struct{}
}

func (s *settler) Settle(ctx context.Context) {
	s.asked <- struct{}{}
	select {
	case <-s.done:
	case <-ctx.Done():
	}
}

// A packet that parts leaves behind the proof that the events before it have arrived, and
// without a proof in time.
func TestPartingOnAWebSocket(t *testing.T) {
	settling := func(d *dialogue) *settler {
		s := &settler{asked: make(chan struct{}, 1), done: make(chan struct{})}
		d.options.Dialer = transporttest.DialFunc(func(ctx context.Context, url string, most int) (transport.Conn, error) {
			conn, err := d.listener.Dial(ctx, url, most)
			s.Conn = conn
			return s, err
		})
		return s
	}
	play(t, webSocketOnly, func(d *dialogue) {
		s := settling(d)
		ws := d.openWebSocket()
		d.sendAs(Parting, "left at once")
		ws.want("4left at once")
		d.sendAs(Ordinary, "a")
		d.sendAs(Parting, "bye")
		d.sendAs(Parting, "and bye")
		ws.want("4a")
		<-s.asked
		close(s.done)
		ws.want("4bye", "4and bye")
		require.Empty(d, s.asked)
	})
	play(t, webSocketOnly, func(d *dialogue) {
		s := settling(d)
		ws := d.openWebSocket()
		d.sendAs(Ordinary, "a")
		d.sendAs(Parting, "bye")
		d.session.Close()
		<-s.asked
		begin := time.Now()
		<-d.served
		ws.want("4a", "4bye")
		require.Less(d, time.Since(begin), closeTimeout)
		ws.wantClosed()
	})
}

func TestPartingOnPolling(t *testing.T) {
	play(t, pollingOnly, func(d *dialogue) {
		d.open()
		get := d.get()
		d.send("4a")
		post := d.post("4a")
		d.sendAs(Ordinary, "b")
		d.sendAs(Parting, "bye")
		d.session.Close()
		post.reply("ok")
		d.post("4b").reply("ok")
		d.post("4bye", "1").reply("ok")
		get.reply("6")
		<-d.served
	})
}

// AwaitBuffered ends with the room that is waited for, and with the session.
func TestAwaitBuffered(t *testing.T) {
	play(t, pollingOnly, func(d *dialogue) {
		d.open()
		d.get()
		d.send("4a")
		post := d.post("4a")
		d.sendAs(Ordinary, "b")
		held := d.session.Buffered()
		require.Greater(d, held, 2)
		ctx, cancel := context.WithTimeoutCause(d.Context(), time.Second, errors.New("too long"))
		defer cancel()
		require.NoError(d, d.session.AwaitBuffered(ctx, held))
		require.EqualError(d, d.session.AwaitBuffered(ctx, held-1), "too long")
		waited := make(chan error, 1)
		go func() { waited <- d.session.AwaitBuffered(context.Background(), 0) }()
		post.reply("ok")
		d.post("4b").reply("ok")
		require.NoError(d, <-waited)

		d.send("4c")
		d.post("4c")
		go func() { waited <- d.session.AwaitBuffered(context.Background(), 0) }()
		d.session.Abort("test", nil)
		require.Equal(d, ErrClosed, <-waited)
	})
}
