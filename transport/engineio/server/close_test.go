//go:build !js

package engineserver

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

func TestCloseFlushesAWebSocket(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		ws := d.websocket("")
		rec := d.last()
		for range 50 {
			d.send(rec, "4a")
		}
		rec.session.Close()
		require.ErrorIs(d, rec.session.Send(group("4late"), Ordinary), ErrClosed)
		for range 50 {
			ws.want("4a")
		}
		ws.wantClosed()
		d.wantEnd(rec, engineio.ForcedClose)
	})
}

func TestCloseDoesNotWaitForEverForAWebSocket(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		d.websocket("")
		rec, start := d.last(), time.Now()
		for range 50 {
			d.send(rec, "4a")
		}
		rec.session.Close()
		d.wantOpen(rec)
		time.Sleep(30*time.Second - time.Since(start))
		d.wantEnd(rec, engineio.ForcedClose)
	})
}

func TestCloseOnPolling(t *testing.T) {
	t.Run("while a request waits", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			p := d.poll()
			get := p.get()
			require.True(d, get.waits())
			p.session.Close()
			require.Equal(d, "1", get.finish().text())
			d.wantEnd(p.record, engineio.ForcedClose)
			p.wantGone()
		})
	})
	t.Run("before the next request", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			p := d.poll()
			d.send(p.record, "4a")
			p.session.Close()
			time.Sleep(20 * time.Second)
			p.wantGet("4a") // the close packet comes alone
			p.wantGet("1")
			d.wantEnd(p.record, engineio.ForcedClose)
			p.wantGone()
		})
	})
	t.Run("abandoned", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			p := d.poll()
			p.session.Close()
			time.Sleep(30 * time.Second)
			d.wantEnd(p.record, engineio.ForcedClose)
			p.wantGet("1")
			p.wantGone()
		})
	})
	t.Run("while upgrading", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			p := d.poll()
			ws := d.websocket(p.sid)
			ws.send("2probe")
			ws.want("3probe")
			p.session.Close()
			p.wantGet("1")
			ws.wantClosed()
			d.wantEnd(p.record, engineio.ForcedClose)
		})
	})
	t.Run("while upgrading, to a client that stops polling", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			p := d.poll()
			ws := d.websocket(p.sid)
			ws.send("2probe")
			ws.want("3probe")
			d.send(p.record, "4a")
			p.session.Close()
			d.wantOpen(p.record)
			ws.send("5")
			ws.want("4a")
			ws.wantClosed()
			d.wantEnd(p.record, engineio.ForcedClose)
		})
	})
	t.Run("while upgrading, before the probe", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			p := d.poll()
			ws := d.websocket(p.sid)
			d.send(p.record, "4a")
			p.session.Close()
			ws.send("2probe")
			ws.wantClosed()
			p.wantGet("4a")
			p.wantGet("1")
			d.wantEnd(p.record, engineio.ForcedClose)
		})
	})
	t.Run("while upgrading, to a client that does not go on", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			p, start := d.poll(), time.Now()
			ws := d.websocket(p.sid)
			p.session.Close()
			ws.wantClosed()
			require.Equal(d, 10*time.Second, time.Since(start), "the upgrade's time")
			p.wantGet("1")
			d.wantEnd(p.record, engineio.ForcedClose)
		})
	})
	t.Run("nothing is received any more", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			p := d.poll()
			p.session.Close()
			p.wantPost("4late")
			d.wantReceived(p.record)
			d.websocket(p.sid).wantClosed()
			p.wantGet("1")
		})
	})
}

func TestDeadlineOfTheReceiver(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		d.websocket("")
		rec := d.last()
		rec.session.SetDeadline(time.Now().Add(5 * time.Second))
		rec.session.SetDeadline(time.Now().Add(7 * time.Second))
		time.Sleep(6 * time.Second)
		d.wantExpired(rec, 0)
		time.Sleep(time.Second)
		d.wantExpired(rec, 1)
		rec.session.SetDeadline(time.Now().Add(time.Second))
		rec.session.SetDeadline(time.Time{})
		time.Sleep(10 * time.Second)
		d.wantExpired(rec, 1)
	})
}

func (d *dialogue) wantExpired(r *record, times int) {
	d.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	require.Equal(d, times, r.expired)
}

func TestShutdown(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		get := p.get()
		require.True(d, get.waits())
		ws := d.websocket("")
		rec := d.last()
		for range 50 {
			d.send(rec, "4a")
		}
		done := make(chan error)
		go func() { done <- d.server.Shutdown(context.Background()) }()
		require.Equal(d, "1", get.finish().text())
		x := d.start("GET", "transport=polling", "").finish()
		require.Equal(d, http.StatusServiceUnavailable, x.Code)
		for range 50 {
			ws.want("4a")
		}
		ws.wantClosed()
		require.NoError(d, <-done)
		d.wantEnd(rec, engineio.ForcedClose)
		d.wantEnd(p.record, engineio.ForcedClose)
		require.NoError(d, d.server.Shutdown(context.Background()), "a second time")
	})
}

func TestShutdownWaitsForAWebSocketThatIsBeingAccepted(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		accept, gate := d.server.accept, make(chan struct{})
		d.server.accept = func(w http.ResponseWriter, r *http.Request) (transport.Conn, error) {
			<-gate
			return accept(w, r)
		}
		x := d.start("GET", "transport=websocket", "", "Upgrade", "websocket")
		require.True(d, x.waits())
		done := make(chan error, 1)
		go func() { done <- d.server.Shutdown(context.Background()) }()
		synctest.Wait()
		require.Empty(d, done)
		close(gate)
		require.NoError(d, <-done)
		(&peer{d, d.dialed}).wantClosed()
		x.finish()
	})
}

func TestWebSocketForAClosedServer(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		go d.server.Shutdown(context.Background()) // ends with the session
		synctest.Wait()
		for _, query := range []string{"transport=websocket", "transport=websocket&sid=" + p.sid} {
			x := d.start("GET", query, "", "Upgrade", "websocket").finish()
			require.Equal(d, http.StatusServiceUnavailable, x.Code)
		}
		p.wantGet("1")
	})
}

func TestShutdownEndsWithItsContext(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		d.websocket("")
		rec := d.last()
		for range 50 {
			d.send(rec, "4a")
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		require.ErrorIs(d, d.server.Shutdown(ctx), context.DeadlineExceeded)
		d.wantEnd(rec, engineio.ForcedClose)
	})
}
