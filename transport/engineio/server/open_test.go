//go:build !js

package engineserver

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/transporttest"
)

// opens plays a handshake whose Options.Open does what the test says.
func opens(t *testing.T, websocket bool, open func(s *Session, r *record)) (d *dialogue, x *exchange) {
	d = newDialogue(t, nil)
	rec := &record{}
	d.server.options.Open = func(s *Session, _ *http.Request) Receiver {
		rec.session = s
		d.sessions = append(d.sessions, rec)
		open(s, rec)
		return rec
	}
	if websocket {
		return d, d.start(http.MethodGet, "transport=websocket", "", "Connection", "Upgrade", "Upgrade", "websocket")
	}
	return d, d.start(http.MethodGet, "transport=polling", "")
}

// "It may send and set a deadline."
func TestOpenMaySend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err error
		d, x := opens(t, true, func(s *Session, _ *record) { err = s.Send(group("4hello"), Ordinary) })
		defer d.server.Close()
		x.finish()
		require.NoError(t, err)
		p := &peer{d, d.dialed}
		require.Equal(t, byte('0'), p.read().Data[0], "the handshake comes first")
		p.want("4hello")
	})
}

func TestDeadlineDuringOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, x := opens(t, true, func(s *Session, _ *record) {
			s.SetDeadline(time.Now().Add(time.Second))
			time.Sleep(2 * time.Second)
		})
		defer d.server.Close()
		x.finish()
		synctest.Wait()
		d.wantOpen(d.last())
		require.Equal(t, 1, d.last().expired)
	})
}

func TestAbortInOpen(t *testing.T) {
	for name, end := range map[string]func(s *Session){
		"abort": func(s *Session) { s.Abort(engineio.ForcedClose, nil) },
		"close": func(s *Session) { s.Close() },
	} {
		for _, websocket := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					d, x := opens(t, websocket, func(s *Session, _ *record) { end(s) })
					x.finish()
					time.Sleep(time.Minute)
					d.wantEnd(d.last(), engineio.ForcedClose)
					require.Zero(t, d.server.Sessions())
					d.server.Close()
				})
			})
		}
	}
}

// onClose is a WebSocket that tells when it is closed.
type onClose struct {
	transport.Conn
	closed func()
}

func (c onClose) Close(code int, reason string) error {
	c.closed()
	return c.Conn.Close(code, reason)
}

// Whoever learns that a handshake came to nothing finds its place free.
func TestPlaceIsFreeWhenTheClientIsTold(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		open, accept := d.server.options.Open, d.server.accept
		d.server.options.Open = func(s *Session, r *http.Request) Receiver {
			s.Abort(engineio.ForcedClose, nil)
			return open(s, r)
		}
		var taken []int // places, whenever it is closed
		d.server.accept = func(w http.ResponseWriter, r *http.Request) (transport.Conn, error) {
			conn, err := accept(w, r)
			return onClose{conn, func() {
				d.server.mu.Lock()
				defer d.server.mu.Unlock()
				taken = append(taken, d.server.opening)
			}}, err
		}
		d.start(http.MethodGet, "transport=websocket", "", "Connection", "Upgrade", "Upgrade", "websocket").finish()
		require.Equal(d, []int{0}, taken)
	})
}

// A panic of the user's, which net/http recovers, must not cost a place.
func TestPlaceAfterPanic(t *testing.T) {
	for _, test := range []string{"Open", "AllowOrigin"} {
		t.Run(test, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDialogue(t, func(o *Options) { o.MaxSessions = 1 })
				defer d.server.Close()
				open, accept := d.server.options.Open, d.server.accept
				if test == "Open" {
					d.server.options.Open = func(*Session, *http.Request) Receiver { panic("user") }
				} else {
					d.server.accept = func(http.ResponseWriter, *http.Request) (transport.Conn, error) { panic("user") }
				}
				r := httptest.NewRequest(http.MethodGet, "/socket.io/?EIO=4&transport=websocket", nil)
				r.Header.Set("Connection", "Upgrade")
				r.Header.Set("Upgrade", "websocket")
				require.Panics(t, func() { d.server.ServeHTTP(httptest.NewRecorder(), r) })
				d.server.options.Open, d.server.accept = open, accept
				require.Equal(t, http.StatusOK, d.start(http.MethodGet, "transport=polling", "").finish().Code)
			})
		})
	}
}

// What was accepted before Close has CloseTimeout to leave, whatever the heartbeat.
func TestCloseOutlivesHeartbeat(t *testing.T) {
	play(t, func(o *Options) { o.PingInterval, o.PingTimeout = 5*time.Second, 5*time.Second }, func(d *dialogue) {
		p := d.poll()
		d.send(p.record, "4last words")
		p.session.Close()
		time.Sleep(15 * time.Second) // a client that is slow to come, within CloseTimeout
		p.wantGet("4last words")
		p.wantGet("1")
		d.wantEnd(p.record, engineio.ForcedClose)
	})
}

func TestExpireWhileClosing(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		d.send(p.record, "4last words")
		p.session.SetDeadline(time.Now().Add(time.Second))
		p.session.Close()
		time.Sleep(2 * time.Second)
		require.Zero(d, p.record.expired, "a closing session expects nothing of its peer")
	})
}

// bodyUntil is a body that stays incomplete until its reader is given a deadline.
type stalled struct {
	http.ResponseWriter
	past chan struct{}
}

func (s stalled) SetReadDeadline(t time.Time) error {
	if !t.IsZero() && t.Before(time.Now()) {
		close(s.past)
	}
	return nil
}

// A POST that stalls at the switch must not keep a session that was aborted alive.
func TestAbortAfterSwitchWithPostInProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDialogue(t, nil)
		p := d.poll()
		past := make(chan struct{})
		posted := make(chan struct{})
		timeout := time.AfterFunc(30*time.Second, func() { close(past) })
		defer timeout.Stop()
		r := httptest.NewRequest(http.MethodPost, "/socket.io/?EIO=4&"+p.query, io.NopCloser(slowBody{past}))
		r.ContentLength = 5
		go func() {
			defer close(posted)
			d.server.ServeHTTP(stalled{httptest.NewRecorder(), past}, r)
		}()
		synctest.Wait()
		ws := d.websocket(p.sid)
		ws.send("2probe")
		ws.want("3probe")
		ws.send("5")
		start := time.Now()
		d.server.Close()
		took := time.Since(start)
		<-posted
		require.Less(t, took, time.Second, "Close ends all sessions at once")
	})
}

// Nothing lasts longer than it must: a pong that was unread has PingTimeout from the
// moment on that reading goes on.
func TestReleaseSchedules(t *testing.T) {
	play(t, func(o *Options) { o.PingInterval, o.PingTimeout = 60*time.Second, time.Second }, func(d *dialogue) {
		ws := d.websocket("")
		rec := d.last()
		rec.gate = make(chan struct{})
		ws.send("4hold")
		time.Sleep(62 * time.Second) // pinged at 60 s, and once more at 61 s
		close(rec.gate)
		synctest.Wait()
		time.Sleep(5 * time.Second) // no pong
		d.wantEnd(rec, engineio.PingTimeout)
	})
}

// Every request answered with an error is told.
func TestRejectedIsTold(t *testing.T) {
	var told []int
	play(t, func(o *Options) {
		o.Rejected = func(_ *http.Request, why Rejection) { told = append(told, why.Status) }
	}, func(d *dialogue) {
		p := d.poll()
		require.Equal(d, 405, d.start(http.MethodPut, p.query, "").finish().Code)
		require.Equal(d, 413, p.post("4"+strings.Repeat("x", 2000)).finish().Code)
		require.Equal(d, 400, p.post("4x").finish().Code)
		require.Equal(d, []int{405, 413, 400}, told)
	})
}

// What opens a session is bounded, and what belongs to one is not: nothing of it is kept.
func TestMaxHeader(t *testing.T) {
	var told []Rejection
	play(t, func(o *Options) {
		o.MaxHeader = 1000
		o.Rejected = func(_ *http.Request, why Rejection) { told = append(told, why) }
	}, func(d *dialogue) {
		p := d.poll()
		large := "&x=" + strings.Repeat("x", 1000)
		require.Equal(d, 431, d.start(http.MethodGet, "transport=polling"+large, "").finish().Code)
		require.Equal(d, 431, d.start(http.MethodGet, "transport=websocket"+large, "", "Upgrade", "websocket").finish().Code)
		require.Equal(d, http.StatusOK, d.start(http.MethodPost, p.query+large, "40").finish().Code)
		require.Len(d, told, 2)
		require.Equal(d, errHeader, told[0].Err)
	})
}

var _ = context.Background
var _ transporttest.PipeConn

func TestSendOfNothing(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		get := p.get()
		require.True(d, get.waits())
		require.NoError(d, p.session.Send(nil, Ordinary))
		require.True(d, get.waits())
		d.send(p.record, "4a")
		require.Equal(d, "4a", get.finish().text())
	})
}
