package engine

import (
	"context"
	"errors"
	"fmt"
	"net/url"
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
			get.reply(string(d.handshake.Encode().Data), "4with the handshake")
		})
		require.Equal(d, "a/b", d.session.SID())
		require.Equal(d, Polling, d.session.Transport())
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
		require.Equal(d, WebSocket, d.session.Transport())
		ws.send("4hello", "binary data")
		d.wantReceived("hello", "binary data")
		d.send("4one", "binary two")
		ws.want("4one", "binary two")
		d.wantNoRequest()
	})
}

func TestEndpoint(t *testing.T) {
	for _, test := range []struct{ url, transport, sid, want string }{
		{"http://h/s/", WebSocket, "", "ws://h/s/?EIO=4&transport=websocket"},
		{"https://h/s/", WebSocket, "", "wss://h/s/?EIO=4&transport=websocket"},
		{"https://h/s/?", WebSocket, "", "wss://h/s/?EIO=4&transport=websocket"},
		{"http://h/s/?a=b", WebSocket, "x&EIO=3", "ws://h/s/?a=b&EIO=4&transport=websocket&sid=x%26EIO%3D3"},
		{"http://h/s/?EIO=3&sid=z", WebSocket, "", "ws://h/s/?EIO=3&sid=z&EIO=4&transport=websocket"},
	} {
		c := Config{URL: test.url}
		require.Equal(t, test.want, c.endpoint(test.transport, test.sid))
	}
	c := Config{URL: "http://h/"}
	require.NotEqual(t, c.endpoint(Polling, ""), c.endpoint(Polling, ""), "a cache could answer")
}

func TestRefusedHandshake(t *testing.T) {
	open := engineio.Handshake{SID: "s", PingInterval: time.Second, PingTimeout: time.Second}.Encode()
	for _, test := range []struct {
		name   string
		status int
		body   string
		is     error
		as     any
		text   string
	}{
		{"code", 400, `{"code":0,"message":"Transport unknown"}`, nil, new(*StatusError),
			"engine: open polling: HTTP status 400, code 0: Transport unknown"},
		{"forbidden", 403, `{"code":4,"message":"no cookie"}`, nil, new(*StatusError),
			"engine: open polling: HTTP status 403, code 4: no cookie"},
		{"version", 400, `{"code":5,"message":"Unsupported protocol version"}`, ErrVersion, new(*StatusError),
			"engine: open polling: HTTP status 400, code 5: Unsupported protocol version"},
		{"proxy", 502, "<html>Bad Gateway</html>", nil, new(*StatusError),
			`engine: open polling: HTTP status 502: "<html>Bad Gateway</html>"`},
		{"nothing", 404, "", nil, new(*StatusError), "engine: open polling: HTTP status 404"},
		{"page", 200, "<!doctype html>", nil, new(*AnswerError),
			`engine: open polling: the answer is not Engine.IO (text/plain): "<!doctype html>": engineio: decode: offset 0: unknown packet type`},
		{"empty", 200, "", engineio.ErrEmpty, new(*AnswerError), ""},
		{"other packet", 200, "4hello", nil, new(*AnswerError),
			`engine: open polling: the answer is not Engine.IO (text/plain): "4hello"`},
		{"handshake without sid", 200, `0{"pingInterval":1,"pingTimeout":1}`, engineio.ErrHandshake, new(*AnswerError), ""},
		{"revision 3", 200, fmt.Sprintf("%d:%s2:40", len(open.Data), open.Data), ErrVersion, nil, ""},
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
			"engine: open websocket: HTTP status 400, code 0: Transport unknown"},
		{"version", &transport.HandshakeError{Status: 400, Body: "Unsupported protocol version"}, ErrVersion,
			"engine: open websocket: HTTP status 400, code 5: Unsupported protocol version"},
		{"page", &transport.HandshakeError{Status: 200, Body: "<html>"}, nil,
			`engine: open websocket: HTTP status 200: "<html>"`},
		{"network", errors.New("dial: refused"), nil, "engine: open websocket: dial: refused"},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := Config{
				URL: "http://h/", Transports: []string{WebSocket},
				Dialer: transporttest.DialFunc(func(context.Context, string, int) (transport.Conn, error) { return nil, test.err }),
			}
			_, err := Open(t.Context(), config)
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
			require.EqualError(d, d.err, "engine: open websocket: handshake: transport: closed by peer with code 1008: go away")
		})
	})
}

func TestOpenEndsWithItsContext(t *testing.T) {
	for _, name := range []string{Polling, WebSocket} {
		t.Run(name, func(t *testing.T) {
			play(t, func(c *Config) { c.Transports = []string{name} }, func(d *dialogue) {
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
			require.EqualError(d, d.err, "engine: open polling: HTTP status 502")
		})
	})
	t.Run("all are tried", func(t *testing.T) {
		play(t, func(c *Config) { c.Transports, c.TryAll = []string{WebSocket, Polling}, true }, func(d *dialogue) {
			d.handshake.Upgrades = nil
			d.opening(func() {
				d.accept().conn.Close(0, "")
				d.get().reply(string(d.handshake.Encode().Data))
			})
			require.Equal(d, Polling, d.session.Transport())
		})
	})
	t.Run("all fail", func(t *testing.T) {
		play(t, func(c *Config) { c.TryAll = true }, func(d *dialogue) {
			d.opening(func() {
				d.get().status(502, "")
				d.accept().conn.Close(0, "")
			})
			require.ErrorContains(d, d.err, "open polling: HTTP status 502")
			require.ErrorContains(d, d.err, "open websocket: handshake: transport: closed by peer")
		})
	})
	t.Run("what the runtime lacks is left out", func(t *testing.T) {
		play(t, func(c *Config) { c.RoundTripper = nil }, func(d *dialogue) { d.openWebSocket() })
		play(t, func(c *Config) { c.Dialer = nil }, func(d *dialogue) {
			d.open()
			d.get()
		})
		_, err := Open(t.Context(), Config{Transports: []string{Polling, WebSocket, "webtransport"}})
		require.ErrorIs(t, err, ErrNoTransport)
	})
}
