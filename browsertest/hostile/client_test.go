package hostile

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/socketio"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

// trap is a server that answers our client with what it likes, over HTTP/1.1.
type trap struct {
	*testing.T
	ctx      context.Context
	listener net.Listener
	answer   func(w io.Writer, r *http.Request, body string)
	out      chan string // packets for GETs
	in       chan string // bodies of POSTs
	clients  sync.WaitGroup

	mu    sync.Mutex // guards what follows
	heard string     // all bytes that have come
	said  []string   // what the client made of it
	conns []net.Conn
}

// open is the handshake of a server that behaves.
const open = `0{"sid":"abc","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`

// setTrap starts a trap. The answer is for what it recognizes; nil, or false, leaves a
// request to a server that behaves, with a socket in "/".
func setTrap(t *testing.T, answer func(p *trap, w io.Writer, r *http.Request, body string) bool) *trap {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	p := &trap{T: t, ctx: ctx, out: make(chan string, 100), in: make(chan string, 1000)}
	var err error
	p.listener, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p.answer = func(w io.Writer, r *http.Request, body string) {
		if answer == nil || !answer(p, w, r, body) {
			p.behave(w, r, body)
		}
	}
	p.clients.Go(func() {
		for {
			conn, err := p.listener.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.conns = append(p.conns, conn)
			p.mu.Unlock()
			p.clients.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = p.listener.Close()
		p.mu.Lock()
		for _, conn := range p.conns {
			_ = conn.Close()
		}
		p.mu.Unlock()
		p.clients.Wait()
	})
	return p
}

// serve answers the requests on a connection.
func (p *trap) serve(conn net.Conn) {
	defer conn.Close()
	reader := bufio.NewReader(io.TeeReader(conn, hearing{p}))
	for {
		r, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		p.answer(conn, r, string(body))
	}
}

type hearing struct{ *trap }

func (h hearing) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heard += string(b)
	return len(b), nil
}

// behave answers as a server does.
func (p *trap) behave(w io.Writer, r *http.Request, body string) {
	switch {
	case r.Method == "POST":
		p.in <- body
		if body == "40" || strings.HasPrefix(body, "40{") {
			p.out <- `40{"sid":"public"}`
		}
		reply(w, 200, "ok")
	case r.URL.Query().Get("sid") == "":
		reply(w, 200, open)
	default:
		select {
		case packet := <-p.out:
			reply(w, 200, packet)
		case <-p.ctx.Done():
		}
	}
}

// reply writes an answer with a body.
func reply(w io.Writer, status int, body string, header ...string) {
	header = append(header, fmt.Sprintf("Content-Length: %d", len(body)))
	_, _ = fmt.Fprintf(w, "HTTP/1.1 %d %s\r\n%s\r\n\r\n%s", status, http.StatusText(status), strings.Join(header, "\r\n"), body)
}

// client returns a client of the trap.
func (p *trap) client(options socketio.Options) *socketio.Socket {
	p.Helper()
	pool := http.DefaultTransport.(*http.Transport).Clone()
	p.Cleanup(pool.CloseIdleConnections)
	options.NoReconnect = true
	options.Transports = []string{"polling"}
	options.Platform = transportnative.Platform(&transportnative.Config{
		HTTPClient: &http.Client{Transport: pool, Jar: http.DefaultClient.Jar},
		Header:     http.Header{"Authorization": {"Bearer SECRET"}, "X-Api-Key": {"SECRET"}},
	})
	s, err := socketio.New("http://"+p.listener.Addr().String(), &options)
	require.NoError(p, err)
	p.Cleanup(func() { _ = s.Close() })
	return s
}

// connected is client that has connected.
func (p *trap) connected(options socketio.Options) *socketio.Socket {
	p.Helper()
	s := p.client(options)
	require.NoError(p, s.Connect(p.ctx))
	require.Contains(p, <-p.in, "40")
	return s
}

func (p *trap) say(format string, args ...any) {
	text := strings.ReplaceAll(fmt.Sprintf(format, args...), p.listener.Addr().String(), "…")
	if len(text) > 90 {
		text = text[:90] + "…"
	}
	p.said = append(p.said, text)
}

// awaitClient returns what comes out of the channel.
func awaitClient[T any](p *trap, values <-chan T) (v T) {
	p.Helper()
	select {
	case v = <-values:
	case <-p.ctx.Done():
		require.FailNow(p, "stuck")
	}
	return v
}

// squeezed is text n times, and the end, compressed.
func squeezed(text string, n int, end string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, strings.Repeat(text, n)+end)
	_ = w.Close()
	return b.String()
}

// What our client makes of a server that no server should be.
func TestClient(t *testing.T) {
	type clientRow struct {
		id, input string
		play      func(t *testing.T) *trap
	}
	// handshake is a row of handshakes, each of which is an error.
	handshakes := func(bad ...string) func(t *testing.T) *trap {
		return func(t *testing.T) *trap {
			var current string
			p := setTrap(t, func(_ *trap, w io.Writer, r *http.Request, _ string) bool {
				reply(w, 200, current)
				return true
			})
			for _, current = range bad {
				err := p.client(socketio.Options{}).Connect(p.ctx)
				require.Error(t, err, current)
				require.NoError(t, p.ctx.Err(), current)
				require.Less(t, len(err.Error()), 2000)
				p.say("%v", err)
			}
			return p
		}
	}
	times := func(interval, timeout string) string {
		return `0{"sid":"abc","upgrades":[],"pingInterval":` + interval + `,"pingTimeout":` + timeout + `,"maxPayload":1000000}`
	}
	rows := []clientRow{
		{"T10_packets_of_a_bomb", "a poll of 2 KB that becomes 1,000,001 packets", func(t *testing.T) *trap {
			bomb := squeezed("6\x1e", 1_000_000, "6")
			polled := make(chan struct{})
			p := setTrap(t, func(p *trap, w io.Writer, r *http.Request, _ string) bool {
				if r.Method != "GET" || r.URL.Query().Get("sid") == "" {
					return false
				}
				select {
				case <-polled:
					return false
				default:
				}
				close(polled)
				reply(w, 200, bomb, "Content-Encoding: gzip")
				return true
			})
			s := p.client(socketio.Options{})
			grown := held(func() {
				err := s.Connect(p.ctx) // or it goes on: both are well
				require.NoError(t, p.ctx.Err(), "it takes too long")
				p.say("err = %v", err)
			})
			require.Less(t, grown, 1<<20)
			require.NoError(t, s.Close())
			return p
		}},
		{"T10b_bomb_over_the_limit", "a handshake that becomes more than MaxPayload", func(t *testing.T) *trap {
			bomb := squeezed(strings.Repeat("6\x1e", 1000), 2000, "6")
			p := setTrap(t, func(_ *trap, w io.Writer, _ *http.Request, _ string) bool {
				reply(w, 200, bomb, "Content-Encoding: gzip")
				return true
			})
			err := p.client(socketio.Options{MaxPayload: 1_000_000}).Connect(p.ctx)
			require.Error(t, err)
			require.NoError(t, p.ctx.Err())
			p.say("%v", err)
			return p
		}},
		{"T10c_many_arguments", "an event with 500,000 arguments", func(t *testing.T) *trap {
			p := setTrap(t, nil)
			s := p.connected(socketio.Options{})
			many := `42["x"` + strings.Repeat(",1", 500_000) + `]`
			release, entered := make(chan struct{}), make(chan struct{}, 10)
			s.On("wait", func(context.Context, *socketio.Message) error {
				entered <- struct{}{}
				<-release
				return nil
			})
			ended := s.Context()
			grown := held(func() {
				p.out <- `42["wait"]`
				awaitClient(p, entered)
				p.out <- many
				p.out <- "2" // answered when it was all read
				select {
				case <-p.in:
					p.say("goes on")
				case <-ended.Done():
					p.say("%v", context.Cause(ended))
				case <-p.ctx.Done():
					require.Fail(t, "stuck")
				}
			})
			close(release)
			require.Less(t, grown, 2*len(many)+1<<20)
			return p
		}},
		{"T10d_endless_answer", "a handshake that does not end", func(t *testing.T) *trap {
			begun := make(chan struct{}, 1)
			p := setTrap(t, func(p *trap, w io.Writer, _ *http.Request, _ string) bool {
				_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
				for i := 0; p.ctx.Err() == nil; i++ {
					if _, err := io.WriteString(w, "1\r\n0\r\n"); err != nil {
						break
					}
					if i == 1000 {
						begun <- struct{}{}
					}
				}
				return true
			})
			ctx, cancel := context.WithCancel(p.ctx)
			defer cancel()
			go func() {
				<-begun
				cancel()
			}()
			err := p.client(socketio.Options{}).Connect(ctx)
			require.ErrorIs(t, err, context.Canceled)
			p.say("ctx ends it")
			return p
		}},
		{"T12_connect_error_for_connected", "CONNECT_ERROR for a connected socket, twice", func(t *testing.T) *trap {
			p := setTrap(t, nil)
			s := p.connected(socketio.Options{})
			left := make(chan socketio.Reason, 1)
			s.OnDisconnect(func(reason socketio.Reason, _ error) { left <- reason })
			answered := make(chan error, 1)
			go func() {
				_, err := s.Request(p.ctx, "what")
				answered <- err
			}()
			require.Contains(t, awaitClient(p, p.in), "what")
			p.out <- "44{\"message\":\"out\"}\x1e44{\"message\":\"out\"}"
			reason := awaitClient(p, left)
			require.Error(t, awaitClient(p, answered))
			require.NoError(t, p.ctx.Err())
			require.False(t, s.Connected())
			p.say("%s; the Request ends", reason)
			return p
		}},
		{"T12b_connect_error_twice", "44 twice in answer to CONNECT", func(t *testing.T) *trap {
			p := setTrap(t, func(p *trap, w io.Writer, r *http.Request, body string) bool {
				if r.Method != "POST" || !strings.HasPrefix(body, "40") {
					return false
				}
				p.out <- "44{\"message\":\"out\"}\x1e44{\"message\":\"again\"}"
				reply(w, 200, "ok")
				return true
			})
			err := p.client(socketio.Options{}).Connect(p.ctx)
			var refused *socketio.ConnectError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, "out", refused.Message)
			p.say("%v", err)
			return p
		}},
		{"T12c_handshake_times", "times of 0, -1, NaN, 1e300, text", handshakes(
			times("0", "20000"), times("25000", "0"), times("-1", "20000"), times("25000", "-1"), times("NaN", "20000"),
			times("1e300", "20000"), times("25000", "1e300"), times(`"x"`, "20000"), times("null", "20000"))},
		{"T12d_handshake_payload", "maxPayload of -1, text; no sid; a sid that is a number", handshakes(
			`0{"sid":"abc","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":-1}`,
			`0{"sid":"abc","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":"x"}`,
			`0{"sid":"","upgrades":[],"pingInterval":25000,"pingTimeout":20000}`,
			`0{"sid":5,"upgrades":[],"pingInterval":25000,"pingTimeout":20000}`,
			`0{"sid":"`+strings.Repeat("x", 1<<20), "0", "", "4", "<html>")},
		{"T12e_sid_with_line_breaks", `a sid of "a\r\nX-Evil: 1&b#?/../"`, func(t *testing.T) *trap {
			const sid = `a\r\nX-Evil: 1&sid=b#?/../ HTTP/1.1`
			p := setTrap(t, func(p *trap, w io.Writer, r *http.Request, _ string) bool {
				if r.URL.Query().Get("sid") != "" {
					return false
				}
				reply(w, 200, strings.Replace(open, "abc", sid, 1))
				return true
			})
			p.connected(socketio.Options{})
			p.mu.Lock()
			defer p.mu.Unlock()
			require.NotContains(t, p.heard, "X-Evil: 1")
			require.Contains(t, p.heard, "&sid=a%0D%0AX-Evil%3A%201%26sid%3Db%23%3F%2F..%2F%20HTTP%2F1.1")
			p.say("escaped in every request")
			return p
		}},
		{"T12f_large_payload_told", "maxPayload of 1e300, and of 1", func(t *testing.T) *trap {
			var p *trap
			for _, limit := range []string{"1e300", "1"} {
				p = setTrap(t, func(p *trap, w io.Writer, r *http.Request, _ string) bool {
					if r.URL.Query().Get("sid") != "" {
						return false
					}
					reply(w, 200, strings.Replace(open, "1000000", limit, 1))
					return true
				})
				p.connected(socketio.Options{})
			}
			p.say("connected")
			return p
		}},
	}
	for _, code := range []int{301, 302, 303, 307, 308} {
		for _, method := range []string{"GET", "POST"} {
			rows = append(rows, clientRow{
				fmt.Sprintf("T11_%s_redirected_%d", method, code), "credentials, and a redirect to another host", func(t *testing.T) *trap {
					return redirected(t, method, code)
				},
			})
		}
	}
	for _, r := range rows {
		t.Run(r.id, func(t *testing.T) {
			var p *trap
			defer func() {
				said := ""
				if p != nil {
					said = strings.Join(p.said[:min(len(p.said), 3)], "; ")
				}
				table.add(r.id, r.input, "HTTP1", said, t.Failed())
			}()
			p = r.play(t)
		})
	}
}

// redirected has requests of the method redirected to another host, which must hear no
// credentials.
func redirected(t *testing.T, method string, code int) *trap {
	evil := setTrap(t, func(_ *trap, w io.Writer, _ *http.Request, _ string) bool {
		reply(w, 404, "")
		return true
	})
	_, port, err := net.SplitHostPort(evil.listener.Addr().String())
	require.NoError(t, err)
	location := "http://localhost:" + port + "/steal"
	p := setTrap(t, func(p *trap, w io.Writer, r *http.Request, body string) bool {
		if r.Method != method {
			return false
		}
		reply(w, code, "", "Location: "+location, "Set-Cookie: session=SECRET")
		return true
	})
	s := p.client(socketio.Options{
		Query: map[string]string{"token": "SECRET"},
		Auth:  func(context.Context) (any, error) { return map[string]string{"password": "SECRET"}, nil },
	})
	err = s.Connect(p.ctx)
	require.Error(t, err)
	require.NoError(t, p.ctx.Err())
	require.NotContains(t, err.Error(), "SECRET")
	if method == "POST" && code < 307 {
		require.ErrorContains(t, err, location)
	}
	require.NoError(t, s.Close())
	p.say("%v", err)
	evil.mu.Lock()
	defer evil.mu.Unlock()
	require.NotContains(t, evil.heard, "SECRET")
	return p
}
