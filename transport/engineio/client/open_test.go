package engineclient

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/transporttest"
)

func TestHandshakeByPolling(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		d.handshake.Upgrades = nil
		d.opening(func() {
			get := d.get()
			u, err := url.Parse(get.url)
			require.NoError(d, err)
			require.Equal(d, "http://server/socket.io/", u.Scheme+"://"+u.Host+u.Path)
			query := u.Query()
			require.NotEmpty(d, query.Get("t"))
			query.Del("t")
			require.Equal(d, url.Values{"x": {"1"}, "EIO": {"4"}, "transport": {"polling"}}, query)
			get.reply(encoded(d.handshake), "4with the handshake")
		})
		require.Equal(d, "a/b", d.session.SID())
		require.Equal(d, engineio.Polling, d.session.Transport())
		d.wantReceived("with the handshake")

		get := d.get()
		u, err := url.Parse(get.url)
		require.NoError(d, err)
		require.Equal(d, "a/b", u.Query().Get("sid"))
		d.wantNoRequest()
	})
}

func TestHandshakeByWebSocket(t *testing.T) {
	play(t, webSocketOnly, func(d *dialogue) {
		ws := d.openWebSocket()
		require.Equal(d, "ws://server/socket.io/?x=1&EIO=4&transport=websocket", ws.url)
		require.Equal(d, engineio.WebSocket, d.session.Transport())
		ws.send("4hello", "binary data")
		d.wantReceived("hello", "binary data")
		d.send("4one", "binary two")
		ws.want("4one", "binary two")
		d.wantNoRequest()
	})
}

func TestEndpoint(t *testing.T) {
	for _, test := range []struct {
		url       string
		transport engineio.Transport
		sid, want string
	}{
		{"http://h/s/", engineio.WebSocket, "", "ws://h/s/?EIO=4&transport=websocket"},
		{"https://h/s/", engineio.WebSocket, "", "wss://h/s/?EIO=4&transport=websocket"},
		{"https://h/s/?", engineio.WebSocket, "", "wss://h/s/?EIO=4&transport=websocket"},
		{"http://h/s/?a=b", engineio.WebSocket, "x&EIO=3", "ws://h/s/?a=b&EIO=4&transport=websocket&sid=x%26EIO%3D3"},
		{"http://h/s/?EIO=3&sid=z", engineio.WebSocket, "", "ws://h/s/?EIO=3&sid=z&EIO=4&transport=websocket"},
	} {
		o := Options{URL: test.url, Revision: engineio.Revision4}
		require.Equal(t, test.want, o.endpoint(test.transport, test.sid))
	}
	o := Options{URL: "http://h/", Revision: engineio.Revision4}
	require.NotEqual(t, o.endpoint(engineio.Polling, ""), o.endpoint(engineio.Polling, ""), "a cache could answer")
}

func TestRefusedHandshake(t *testing.T) {
	open := encoded(engineio.Handshake{SID: "s", PingInterval: time.Second, PingTimeout: time.Second})
	for _, test := range []struct {
		name   string
		status int
		body   string
		is     error
		as     any
		text   string
	}{
		{"code", 400, `{"code":0,"message":"Transport unknown"}`, nil, new(*StatusError),
			"engineio: open polling: HTTP status 400, code 0: Transport unknown"},
		{"forbidden", 403, `{"code":4,"message":"no cookie"}`, nil, new(*StatusError),
			"engineio: open polling: HTTP status 403, code 4: no cookie"},
		{"version", 400, `{"code":5,"message":"Unsupported protocol version"}`, ErrVersion, new(*StatusError),
			"engineio: open polling: HTTP status 400, code 5: Unsupported protocol version"},
		{"Forbidden, by another", 403, "Forbidden", nil, new(*StatusError),
			`engineio: open polling: HTTP status 403: "Forbidden"`},
		{"proxy", 502, "<html>Bad Gateway</html>", nil, new(*StatusError),
			`engineio: open polling: HTTP status 502: "<html>Bad Gateway</html>"`},
		{"nothing", 404, "", nil, new(*StatusError), "engineio: open polling: HTTP status 404"},
		{"page", 200, "<!doctype html>", nil, new(*AnswerError),
			`engineio: open polling: the answer is not Engine.IO (text/plain): "<!doctype html>": engineio: decode: offset 0: unknown packet type`},
		{"empty", 200, "", engineio.ErrEmpty, new(*AnswerError), ""},
		{"other packet", 200, "4hello", nil, new(*AnswerError),
			`engineio: open polling: the answer is not Engine.IO (text/plain): "4hello"`},
		{"handshake without sid", 200, `0{"pingInterval":1,"pingTimeout":1}`, engineio.ErrHandshake, new(*AnswerError), ""},
		{"revision 3", 200, fmt.Sprintf("%d:%s2:40", len(open), open), ErrVersion, nil, ""},
		{"revision 3 in binary framing", 200, "\x00\x09\x06\xff" + open + "\x00\x02\xff40", ErrVersion, nil, ""},
		{"binary of another kind", 200, "\x00\x09\x06\xff1", nil, new(*AnswerError), ""},
		{"zeros", 200, "\x00\x00\x00", nil, new(*AnswerError), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			play(t, nil, func(d *dialogue) {
				d.opening(func() { d.get().status(test.status, test.body) })
				require.Error(d, d.err)
				if test.is != nil {
					require.ErrorIs(d, d.err, test.is)
				}
				if test.as != nil {
					require.ErrorAs(d, d.err, test.as)
				}
				if test.text != "" {
					require.EqualError(d, d.err, test.text)
				}
				d.wantNoRequest()
			})
		})
	}
}

func TestRefusedWebSocket(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		is   error
		text string
	}{
		{"message", &transport.HandshakeError{Status: 400, Body: "Transport unknown"}, nil,
			"engineio: open websocket: HTTP status 400, code 0: Transport unknown"},
		{"version", &transport.HandshakeError{Status: 400, Body: "Unsupported protocol version"}, ErrVersion,
			"engineio: open websocket: HTTP status 400, code 5: Unsupported protocol version"},
		{"page", &transport.HandshakeError{Status: 200, Body: "<html>"}, nil,
			`engineio: open websocket: HTTP status 200: "<html>"`},
		{"network", errors.New("dial: refused"), nil, "engineio: open websocket: dial: refused"},
	} {
		t.Run(test.name, func(t *testing.T) {
			options := Options{
				URL: "http://h/", Transports: []engineio.Transport{engineio.WebSocket},
				Dialer: transporttest.DialFunc(func(context.Context, string, int) (transport.Conn, error) { return nil, test.err }),
			}
			_, err := Open(t.Context(), options)
			require.EqualError(t, err, test.text)
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
		})
	}
}

func TestWebSocketThatIsNotEngineIO(t *testing.T) {
	for _, first := range []string{"hello", "4hello", "binary 0{}", "0{}"} {
		t.Run(first, func(t *testing.T) {
			play(t, webSocketOnly, func(d *dialogue) {
				var ws *socket
				d.opening(func() {
					ws = d.accept()
					ws.send(first)
				})
				var foreign *AnswerError
				require.ErrorAs(d, d.err, &foreign)
				ws.wantClosed()
			})
		})
	}
	t.Run("closed", func(t *testing.T) {
		play(t, webSocketOnly, func(d *dialogue) {
			d.opening(func() { d.accept().conn.Close(1008, "go away") })
			require.EqualError(d, d.err, "engineio: open websocket: handshake: transport: closed by peer with code 1008: go away")
		})
	})
}

func TestOpenEndsWithItsContext(t *testing.T) {
	for _, name := range []engineio.Transport{engineio.Polling, engineio.WebSocket} {
		t.Run(string(name), func(t *testing.T) {
			play(t, func(o *Options) { o.Transports = []engineio.Transport{name} }, func(d *dialogue) {
				begin := time.Now()
				d.opening(func() {})
				require.ErrorIs(d, d.err, context.DeadlineExceeded)
				require.Equal(d, 20*time.Second, time.Since(begin))
			})
		})
	}
	t.Run("silent WebSocket", func(t *testing.T) {
		play(t, webSocketOnly, func(d *dialogue) {
			d.opening(func() { d.accept() })
			require.ErrorIs(d, d.err, context.DeadlineExceeded)
		})
	})
}

func TestTransportsInOrder(t *testing.T) {
	t.Run("only the first is tried", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			d.opening(func() { d.get().status(502, "") })
			require.EqualError(d, d.err, "engineio: open polling: HTTP status 502")
		})
	})
	t.Run("all are tried", func(t *testing.T) {
		play(t, func(o *Options) {
			o.Transports, o.TryAll = []engineio.Transport{engineio.WebSocket, engineio.Polling}, true
		}, func(d *dialogue) {
			d.handshake.Upgrades = nil
			d.opening(func() {
				d.accept().conn.Close(0, "")
				d.get().reply(encoded(d.handshake))
			})
			require.Equal(d, engineio.Polling, d.session.Transport())
		})
	})
	t.Run("all fail", func(t *testing.T) {
		play(t, func(o *Options) { o.TryAll = true }, func(d *dialogue) {
			d.opening(func() {
				d.get().status(502, "")
				d.accept().conn.Close(0, "")
			})
			require.ErrorContains(d, d.err, "open polling: HTTP status 502")
			require.ErrorContains(d, d.err, "open websocket: handshake: transport: closed by peer")
		})
	})
	t.Run("one that hangs leaves time to the others", func(t *testing.T) {
		for _, hanging := range []string{"the dial", "the handshake"} {
			play(t, func(o *Options) {
				o.Transports, o.TryAll = []engineio.Transport{engineio.WebSocket, engineio.Polling}, true
			}, func(d *dialogue) {
				d.handshake.Upgrades = nil
				d.opening(func() {
					if hanging == "the handshake" {
						d.accept()
					}
					time.Sleep(10*time.Second - 1)
					d.wantNoRequest()
					time.Sleep(1 + 9*time.Second)
					d.get().reply(encoded(d.handshake))
				})
				require.NoError(d, d.err, hanging)
			})
		}
	})
	t.Run("one that fails at once leaves its time", func(t *testing.T) {
		play(t, func(o *Options) { o.TryAll = true }, func(d *dialogue) {
			begin := time.Now()
			d.opening(func() { d.get().status(502, "") })
			require.ErrorContains(d, d.err, "open polling: HTTP status 502")
			require.ErrorIs(d, d.err, context.DeadlineExceeded)
			require.Equal(d, 20*time.Second, time.Since(begin))
		})
	})
	t.Run("what the runtime lacks is left out", func(t *testing.T) {
		play(t, func(o *Options) { o.RoundTripper = nil }, func(d *dialogue) { d.openWebSocket() })
		play(t, func(o *Options) { o.Dialer = nil }, func(d *dialogue) {
			d.open()
			d.get()
		})
		_, err := Open(t.Context(), Options{Transports: []engineio.Transport{engineio.Polling, engineio.WebSocket, "webtransport"}})
		require.ErrorIs(t, err, ErrNoTransport)
	})
}

// What comes with the handshake costs no more than a small multiple of its bytes.
func TestHandshakeMemory(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		body := encoded(d.handshake) + strings.Repeat("\x1e6", 500_000)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d.opening(func() { d.get().reply(body) })
		runtime.ReadMemStats(&after)
		require.Less(t, (after.TotalAlloc-before.TotalAlloc)/uint64(len(body)), uint64(20))
	})
}
