//go:build !js

package engineserver

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

func TestPollingCarriesPacketsBothWays(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		p.wantPost("4one\x1e4two\x1ebAQID")
		d.wantReceived(p.record, "one", "two", "binary:\x01\x02\x03")

		d.send(p.record, "4a")
		require.NoError(d, p.session.Send([]transport.Message{{Data: []byte("b")}, {Data: []byte{1, 2, 3, 4}, Binary: true}}, Ordinary))
		x := p.get().finish()
		require.Equal(d, "4a\x1e4b\x1ebAQIDBA==", x.text())
		require.Equal(d, "text/plain; charset=UTF-8", x.Header().Get("Content-Type"))
		require.Equal(d, "no-store", x.Header().Get("Cache-Control"))
		require.Equal(d, "15", x.Header().Get("Content-Length"))

		get := p.get()
		require.True(d, get.waits())
		d.send(p.record, "4hello€")
		require.Equal(d, "4hello€", get.finish().text())
	})
}

func TestPacketsForAParkedGetAreSeparated(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		get := p.get()
		require.True(d, get.waits())
		require.NoError(d, p.session.Send([]transport.Message{{Data: []byte("hello€")}, {Data: []byte("OHi"), Binary: true}}, Ordinary))
		require.Equal(d, "4hello€\x1ebT0hp", get.finish().text())
	})
}

func TestGetTakesNoMoreThanAPayload(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		half := "4" + strings.Repeat("x", 499)
		d.send(p.record, half, half, half) // one group is never torn
		d.send(p.record, half)
		d.send(p.record, "4tail")
		require.Len(d, p.get().finish().text(), 3*500+2)
		p.wantGet(half + "\x1e4tail")
	})
}

func TestOverlappingGets(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		first := p.get()
		require.True(d, first.waits())
		second := p.get().finish()
		require.Equal(d, http.StatusBadRequest, second.Code)
		require.Empty(d, second.text())
		require.Equal(d, http.StatusOK, first.finish().Code)
		require.Equal(d, "1", first.text())
		d.wantEnd(p.record, engineio.TransportError)
		require.ErrorIs(d, p.err, errOverlap)
		p.wantGone()
	})
}

func TestAbortedGet(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		get := p.get()
		require.True(d, get.waits())
		get.cancel()
		d.wantEnd(p.record, engineio.TransportError)
		require.ErrorIs(d, p.err, ErrAborted)
		p.wantGone()
	})
}

// deadlineWriter is a ResponseWriter whose read deadline closes the body.
type deadlineWriter struct {
	*httptest.ResponseRecorder
	body  slowBody
	mu    sync.Mutex
	timer *time.Timer // guarded by mu
}

func (w *deadlineWriter) SetReadDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
	if !t.IsZero() {
		w.timer = time.AfterFunc(time.Until(t), func() { close(w.body.closed) })
	}
	return nil
}

// slowPost begins a POST whose body never ends.
func (p *poller) slowPost() *exchange {
	body := slowBody{make(chan struct{})}
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/socket.io/?EIO=4&"+p.query, body)
	x := &exchange{httptest.NewRecorder(), make(chan struct{}), func() {}}
	go func() {
		defer close(x.done)
		p.d.server.ServeHTTP(&deadlineWriter{ResponseRecorder: x.ResponseRecorder, body: body}, r)
	}()
	return x
}

func TestOverlappingPosts(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		first := p.slowPost()
		require.True(d, first.waits())
		second := p.post("4a").finish()
		require.Equal(d, http.StatusBadRequest, second.Code)
		require.Empty(d, second.text())
		require.Equal(d, http.StatusBadRequest, first.finish().Code)
		d.wantEnd(p.record, engineio.TransportError)
		p.wantGone()
	})
}

func TestBodyDeadline(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p, start := d.poll(), time.Now()
		post := p.slowPost().finish()
		require.Equal(d, 10*time.Second, time.Since(start))
		require.Equal(d, http.StatusRequestTimeout, post.Code)
		d.wantEnd(p.record, engineio.TransportError)
	})
}

func TestSlowBodyEndsWithTheSession(t *testing.T) {
	play(t, func(o *Options) { o.StallTimeout = time.Hour }, func(d *dialogue) {
		p, start := d.poll(), time.Now()
		post := p.slowPost().finish()
		require.Equal(d, testInterval+testTimeout, time.Since(start))
		require.Equal(d, http.StatusBadRequest, post.Code)
		d.wantEnd(p.record, engineio.PingTimeout)
	})
}

func TestContentTypes(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		for _, kind := range []string{"application/json", "text/plain;charset=UTF-8", "", "nonsense; ="} {
			x := d.start("POST", p.query, "4a", "Content-Type", kind).finish()
			require.Equal(d, "ok", x.text(), kind)
			require.Equal(d, "text/html", x.Header().Get("Content-Type"))
		}
		d.wantOpen(p.record)
		x := d.start("POST", p.query, "4a", "Content-Type", "application/octet-stream").finish()
		require.Equal(d, http.StatusBadRequest, x.Code)
		require.Empty(d, x.text())
		d.wantEnd(p.record, engineio.TransportError)
		d.wantReceived(p.record, "a", "a", "a", "a")
	})
}

// engine.io/lib/transports/polling.ts onDataRequest
func TestBodyOverTheLimit(t *testing.T) {
	body := "4" + strings.Repeat("x", 1000)
	for name, reader := range map[string]io.Reader{
		"announced": strings.NewReader(body),
		"chunked":   struct{ io.Reader }{strings.NewReader(body)},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, nil, func(d *dialogue) {
				p := d.poll()
				p.wantPost(body[:1000])
				d.wantReceived(p.record, body[1:1000])
				get := p.get()
				require.True(d, get.waits())
				w := httptest.NewRecorder()
				d.server.ServeHTTP(w, httptest.NewRequest("POST", "/socket.io/?EIO=4&"+p.query, reader))
				require.Equal(d, http.StatusRequestEntityTooLarge, w.Code)
				require.Empty(d, w.Body.String())
				require.Equal(d, "1", get.finish().text())
				d.wantEnd(p.record, engineio.TransportError)
				require.ErrorIs(d, p.err, errLarge)
				d.wantReceived(p.record, body[1:1000])
			})
		})
	}
}

// The bytes of a body bound its packets, an honest client's buffer comes in one body.
func TestManyPacketsInOneBody(t *testing.T) {
	const many = 120_000
	play(t, func(o *Options) { o.MaxPayload = 1e6 }, func(d *dialogue) {
		p := d.poll()
		p.wantPost(strings.Repeat("4x\x1e", many-1) + "4x")
		synctest.Wait()
		require.Len(d, p.received, many)
		d.wantOpen(p.record)
	})
}

func TestBodyWithAContentEncoding(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		require.Equal(d, "ok", d.start("POST", p.query, "4a", "Content-Encoding", "identity").finish().text())
		x := d.start("POST", p.query, "4a", "Content-Encoding", "gzip").finish()
		require.Equal(d, http.StatusUnsupportedMediaType, x.Code)
		d.wantEnd(p.record, engineio.TransportError)
		require.ErrorIs(d, p.err, errEncoding)
	})
}

func TestInvalidBodies(t *testing.T) {
	for name, body := range map[string]string{
		"empty": "", "unknown type": "abc", "type 7": "7", "separators": "\x1e\x1e", "leading separator": "\x1e4a",
		"byte order mark": "\ufeff4a", "bad base64": "b!!!!", "url-safe base64": "b-_-_", "invalid UTF-8": "4\xff",
	} {
		t.Run(name, func(t *testing.T) {
			play(t, nil, func(d *dialogue) {
				p := d.poll()
				get := p.get()
				require.True(d, get.waits())
				p.wantPost(body)
				require.Equal(d, "1", get.finish().text())
				d.wantEnd(p.record, engineio.ParseError)
				d.wantReceived(p.record)
				p.wantGone()
			})
		})
	}
}

func TestPacketsBeforeAnInvalidOneAreReceived(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		p.wantPost("4a\x1e4b\x1e")
		d.wantReceived(p.record, "a", "b")
		d.wantEnd(p.record, engineio.ParseError)
	})
}

func TestEmptyAndUnpaddedBinary(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		p.wantPost("b\x1ebAQ\x1ebAQ==\x1eb4OHi")
		d.wantReceived(p.record, "binary:", "binary:\x01", "binary:\x01", "binary:\xe0\xe1\xe2")
	})
}

func TestClosePacketOnPolling(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		get := p.get()
		require.True(d, get.waits())
		p.wantPost("1\x1e4late")
		require.Equal(d, "6", get.finish().text())
		d.wantEnd(p.record, engineio.TransportClose)
		d.wantReceived(p.record)
		p.wantGone()
	})
}

func TestPacketsWithoutMeaningAreIgnored(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		p.wantPost(`0{"sid":"x"}` + "\x1e5\x1e6\x1e3\x1e4a")
		d.wantOpen(p.record)
		d.wantReceived(p.record, "a")
		ws := d.websocket("")
		ws.send("0{}", "5", "6", "3", "3probe", "4a")
		d.wantOpen(d.last())
		d.wantReceived(d.last(), "a")
	})
}

func TestHeldPostKeepsTheClientWaiting(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		gate := make(chan struct{})
		p.gate = gate
		post := p.post("4a\x1e4b")
		require.True(d, post.waits())
		p.mu.Lock()
		p.gate = nil
		p.mu.Unlock()
		close(gate)
		require.Equal(d, "ok", post.finish().text())
		d.wantReceived(p.record, "a", "b")
	})
}
