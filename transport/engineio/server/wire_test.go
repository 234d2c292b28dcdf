//go:build !js

package engineserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport/engineio"
)

// wire is net/http on connections without buffers, so that a peer that takes nothing is
// noticed at once, on the fake time of a dialogue.
type wire struct {
	*dialogue
	http    *http.Server
	accepts chan net.Conn
	closing sync.Once
	client  *http.Client
	served  atomic.Int32   // requests whose handler has returned
	open    sync.WaitGroup // connections, until net/http has done with them
}

func (w *wire) Accept() (net.Conn, error) {
	if conn, ok := <-w.accepts; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (w *wire) Close() error {
	w.closing.Do(func() { close(w.accepts) })
	return nil
}

func (w *wire) Addr() net.Addr { return &net.TCPAddr{} }

// dial returns the client's end of a new connection.
func (w *wire) dial() net.Conn {
	ours, theirs := net.Pipe()
	w.accepts <- ours
	return theirs
}

// onWire plays a dialogue on HTTP/1.1, or without TLS on HTTP/2.
func onWire(t *testing.T, http2 bool, change func(*Options), script func(w *wire)) {
	play(t, change, func(d *dialogue) { newWire(d, http2).play(script) })
}

func newWire(d *dialogue, http2 bool) *wire {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!http2)
	protocols.SetUnencryptedHTTP2(http2)
	w := &wire{dialogue: d, accepts: make(chan net.Conn, 10)}
	w.http = &http.Server{Protocols: protocols, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		defer w.served.Add(1)
		d.server.ServeHTTP(rw, r)
	})}
	w.http.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			w.open.Add(1)
		case http.StateClosed, http.StateHijacked:
			w.open.Done()
		}
	}
	w.client = &http.Client{Transport: &http.Transport{
		Protocols:   protocols,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return w.dial(), nil },
	}}
	return w
}

func (w *wire) play(script func(w *wire)) {
	served := make(chan error)
	go func() { served <- w.http.Serve(w) }()
	defer func() {
		w.client.CloseIdleConnections()
		w.server.Close()
		_ = w.http.Close() // the pipes cannot fail
		<-served
		w.open.Wait()
	}()
	script(w)
}

// do makes a request and returns its answer. A body of unknown length is chunked.
func (w *wire) do(method, query string, body io.Reader) (status int, text string) {
	w.Helper()
	r, err := http.NewRequest(method, "http://server/socket.io/?EIO=4&"+query, body)
	require.NoError(w, err)
	response, err := w.client.Do(r)
	require.NoError(w, err)
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	require.NoError(w, err)
	return response.StatusCode, string(read)
}

func (w *wire) want(text, method, query, body string) {
	w.Helper()
	status, got := w.do(method, query, strings.NewReader(body))
	require.Equal(w, text, got)
	require.Equal(w, http.StatusOK, status)
}

// trickle is a body that comes a piece at a time, with a pause before each.
type trickle struct {
	pieces int
	piece  []byte
	pause  time.Duration
	rest   []byte // of the piece that came last
	closed context.Context
	cancel context.CancelFunc
}

func newTrickle(pieces, size int, pause time.Duration) *trickle {
	b := &trickle{pieces: pieces, piece: bytes.Repeat([]byte("4"), size), pause: pause}
	b.closed, b.cancel = context.WithCancel(context.Background())
	return b
}

func (b *trickle) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		if b.pieces == 0 {
			return 0, io.EOF
		}
		select {
		case <-time.After(b.pause):
		case <-b.closed.Done():
			return 0, io.ErrUnexpectedEOF
		}
		b.pieces--
		b.rest = b.piece
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *trickle) Close() error {
	b.cancel()
	return nil
}

func protocols(t *testing.T, test func(t *testing.T, http2 bool)) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) { test(t, http2) })
	}
}

// 8 s for each 10,000 bytes are progress, whatever the whole takes.
func TestSlowUploadIsReceived(t *testing.T) {
	protocols(t, func(t *testing.T, http2 bool) {
		onWire(t, http2, func(o *Options) { o.MaxPayload, o.PingInterval = 1e6, time.Hour }, func(w *wire) {
			p := w.poll()
			start := time.Now()
			body := newTrickle(20, progressSize, 8*time.Second)
			status, text := w.do("POST", p.query, body)
			require.Equal(w, http.StatusOK, status)
			require.Equal(w, "ok", text)
			require.Equal(w, 160*time.Second, time.Since(start))
			synctest.Wait()
			require.Len(w, p.received[0], 20*progressSize-1)
		})
	})
}

func TestTricklingUploadIsEnded(t *testing.T) {
	for name, test := range map[string]struct {
		size  int
		pause time.Duration
	}{
		"a byte every nine seconds": {1, 9 * time.Second},
		"9,999 bytes in ten":        {9_999, 9*time.Second + 999*time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			protocols(t, func(t *testing.T, http2 bool) {
				onWire(t, http2, func(o *Options) { o.MaxPayload, o.PingInterval = 1e6, time.Hour }, func(w *wire) {
					p, start := w.poll(), time.Now()
					body := newTrickle(100, test.size, test.pause)
					defer body.Close()
					r, err := http.NewRequest("POST", "http://server/socket.io/?EIO=4&"+p.query, body)
					require.NoError(w, err)
					response, err := w.client.Do(r)
					if err == nil { // the client may see that the connection is gone
						require.Equal(w, http.StatusRequestTimeout, response.StatusCode)
						response.Body.Close()
					}
					w.wantEnd(p.record, engineio.TransportError)
					require.ErrorIs(w, p.err, os.ErrDeadlineExceeded)
					require.LessOrEqual(w, time.Since(start), 10*time.Second)
				})
			})
		})
	}
}

// reading asks for what waits, takes so much of the answer at a time, with a pause
// before, and returns how much it got until the connection broke or that was all.
func (w *wire) reading(p *poller, size int, pause time.Duration) (got int) {
	conn := w.dial()
	defer conn.Close()
	fmt.Fprintf(conn, "GET /socket.io/?EIO=4&%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", p.query)
	piece := make([]byte, size)
	for {
		time.Sleep(pause)
		n, err := io.ReadFull(conn, piece)
		got += n
		if err != nil {
			return got
		}
	}
}

// A client on a slow line gets a large answer, and is not lost meanwhile.
func TestSlowDownloadIsDelivered(t *testing.T) {
	const size = 900_000
	onWire(t, false, func(o *Options) { o.MaxPayload, o.SendBuffer, o.PingInterval = 1e6, 0, time.Hour }, func(w *wire) {
		p := w.poll()
		w.send(p.record, "4"+strings.Repeat("x", size))
		require.Greater(w, w.reading(p, 50_000, time.Second), size)
		w.wantOpen(p.record)
	})
}

func TestStalledDownloadIsEnded(t *testing.T) {
	for name, size := range map[string]int{"a byte every nine seconds": 1, "nothing": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			onWire(t, false, func(o *Options) { o.MaxPayload, o.SendBuffer, o.PingInterval = 1e6, 0, time.Hour }, func(w *wire) {
				p, start := w.poll(), time.Now()
				w.send(p.record, "4"+strings.Repeat("x", 100_000))
				pause := 9 * time.Second
				if size > 1 {
					pause = time.Hour
				}
				done := make(chan struct{})
				go func() {
					defer close(done)
					w.reading(p, size, pause)
				}()
				for w.server.Sessions() > 0 {
					time.Sleep(time.Second)
				}
				require.LessOrEqual(w, time.Since(start), 21*time.Second)
				w.wantEnd(p.record, engineio.TransportError)
				require.ErrorIs(w, p.err, os.ErrDeadlineExceeded)
				<-done
			})
		})
	}
}

// The time that net/http gives a whole request is not that of a GET that waits.
func TestTimeoutsOfTheHost(t *testing.T) {
	onWire(t, false, func(o *Options) { o.MaxPayload = 1e6 }, func(w *wire) {
		w.http.ReadTimeout, w.http.WriteTimeout = 5*time.Second, 5*time.Second
		p := w.poll()
		w.want("2", "GET", p.query, "")
		w.want("ok", "POST", p.query, "3")
		body := newTrickle(10, progressSize, time.Second)
		status, text := w.do("POST", p.query, body)
		require.Equal(w, "ok", text)
		require.Equal(w, http.StatusOK, status)
		w.want("2", "GET", p.query, "")
		w.wantOpen(p.record)
	})
}

// A router's deadline is answered before it comes, and the client goes on.
func TestDeadlineOfARouter(t *testing.T) {
	limit := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
			defer cancel()
			h.ServeHTTP(w, r.WithContext(ctx))
		})
	}
	handler := func(h http.Handler) http.Handler { return http.TimeoutHandler(h, 3*time.Second, "too slow") }
	for name, router := range map[string]func(http.Handler) http.Handler{"context": limit, "http.TimeoutHandler": handler} {
		t.Run(name, func(t *testing.T) {
			protocols(t, func(t *testing.T, http2 bool) {
				onWire(t, http2, nil, func(w *wire) {
					w.http.Handler = router(w.http.Handler)
					p := w.poll()
					for range 3 {
						start := time.Now()
						w.want("6", "GET", p.query, "")
						require.Equal(w, 2700*time.Millisecond, time.Since(start))
					}
					w.send(p.record, "4a")
					w.want("4a", "GET", p.query, "")
					w.wantOpen(p.record)
				})
			})
		})
	}
}

// A GET that waits does not hold up the host's shutdown, and its client is told to go.
func TestShutdownOfTheHost(t *testing.T) {
	protocols(t, func(t *testing.T, http2 bool) {
		onWire(t, http2, nil, func(w *wire) {
			p := w.poll()
			got := make(chan string)
			go func() {
				status, text := w.do("GET", p.query, nil)
				got <- fmt.Sprint(status, text)
			}()
			synctest.Wait()
			start := time.Now()
			shut := make(chan error)
			go func() { shut <- w.http.Shutdown(context.Background()) }()
			require.Equal(w, "2001", <-got)
			w.client.CloseIdleConnections()
			require.NoError(w, <-shut)
			require.Less(w, time.Since(start), 5*time.Second)
			w.wantEnd(p.record, engineio.ForcedClose)
			require.ErrorIs(w, p.err, ErrShutdown)
		})
	})
}

// The sessions that other hosts serve are not concerned, and hosts that are no more are
// forgotten.
func TestHostsComeAndGo(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		stays := newWire(d, false)
		served := make(chan error)
		go func() { served <- stays.http.Serve(stays) }()
		p := d.poll()
		get := make(chan string)
		go func() {
			_, text := stays.do("GET", p.query, nil)
			get <- text
		}()
		synctest.Wait()
		for range 10 {
			goes := newWire(d, false)
			done := make(chan error)
			go func() { done <- goes.http.Serve(goes) }()
			other := d.poll()
			d.send(other.record, "4a")
			goes.want("4a", "GET", other.query, "")
			goes.client.CloseIdleConnections()
			require.NoError(d, goes.http.Shutdown(context.Background()))
			<-done
		}
		d.wantOpen(p.record)
		d.send(p.record, "4b")
		require.Equal(d, "4b", <-get)
		stays.client.CloseIdleConnections()
		require.NoError(d, stays.http.Close())
		<-served
	})
}

// watched is a ResponseWriter that is slow to set deadlines in the past, as a goroutine
// may be that is not scheduled, and knows when its handler has returned.
type watched struct {
	http.ResponseWriter
	returned, late *atomic.Bool
}

func (w watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w watched) SetReadDeadline(t time.Time) error {
	if !t.IsZero() && t.Before(time.Now()) {
		for range 1000 {
			runtime.Gosched()
		}
	}
	if w.returned.Load() {
		w.late.Store(true)
		return errors.New("the handler has returned")
	}
	return http.NewResponseController(w.ResponseWriter).SetReadDeadline(t)
}

// Nothing touches a ResponseWriter after its handler has returned.
func TestAbortBesideTheEndOfAPost(t *testing.T) {
	protocols(t, func(t *testing.T, http2 bool) {
		onWire(t, http2, nil, func(w *wire) {
			var late atomic.Bool
			h := w.http.Handler
			w.http.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				var returned atomic.Bool
				defer returned.Store(true)
				h.ServeHTTP(watched{rw, &returned, &late}, r)
			})
			for range rounds {
				p := w.poll()
				reader, writer := io.Pipe()
				go func() {
					writer.Write([]byte("6x"))
					time.Sleep(time.Millisecond)
					writer.Close()
				}()
				go func() {
					time.Sleep(time.Millisecond)
					p.session.Abort(engineio.ForcedClose, nil)
				}()
				r, err := http.NewRequest("POST", "http://server/socket.io/?EIO=4&"+p.query, reader)
				require.NoError(w, err)
				if response, err := w.client.Do(r); err == nil {
					response.Body.Close()
				}
				w.wantEnd(p.record, engineio.ForcedClose)
				reader.Close()
			}
			time.Sleep(time.Second)
			require.False(w, late.Load())
			p := w.poll()
			w.want("ok", "POST", p.query, "4a")
		})
	})
}

// A connection breaks with the answer on it. net/http repeats the request by itself, and
// nothing is lost or comes twice.
func TestLostAnswers(t *testing.T) {
	onWire(t, false, nil, func(w *wire) {
		p := w.poll()
		var cut atomic.Bool
		w.client.Transport.(*http.Transport).DialContext = func(context.Context, string, string) (net.Conn, error) {
			return &cutConn{Conn: w.dial(), cut: &cut}, nil
		}
		get := func(t string) string {
			r, err := http.NewRequest("GET", "http://server/socket.io/?EIO=4&"+p.query+"&t="+t, nil)
			require.NoError(w, err)
			response, err := w.client.Do(r)
			require.NoError(w, err)
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			require.NoError(w, err)
			return string(body)
		}
		w.want("ok", "POST", p.query+"&t=x0", "4a")
		for i := range 20 {
			text := fmt.Sprint("4", i)
			w.send(p.record, text)
			cut.Store(i%3 == 2)
			require.Equal(w, text, get(fmt.Sprint("x", i+1)))
		}
		w.wantOpen(p.record)
	})
}

// cutConn breaks in place of the first byte of an answer.
type cutConn struct {
	net.Conn
	cut *atomic.Bool
}

func (c *cutConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && c.cut.Swap(false) {
		c.Conn.Close()
		return 0, io.EOF
	}
	return n, err
}
