//go:build !js

package engineserver

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/stretchr/testify/require"
)

const (
	unknownTransport = `{"code":0,"message":"Transport unknown"}`
	unknownSession   = `{"code":1,"message":"Session ID unknown"}`
	badMethod        = `{"code":2,"message":"Bad handshake method"}`
	badRequest       = `{"code":3,"message":"Bad request"}`
	badVersion       = `{"code":5,"message":"Unsupported protocol version"}`
)

// engine.io/lib/server.ts verify
func TestRequestChecks(t *testing.T) {
	for _, test := range []struct {
		name, method, query string
		upgrade             bool
		status              int
		body                string
	}{
		{"no transport", "GET", "EIO=4", false, 400, unknownTransport},
		{"unknown transport", "GET", "EIO=4&transport=tin-can", false, 400, unknownTransport},
		{"prototype as transport", "GET", "EIO=4&transport=__proto__", false, 400, unknownTransport},
		{"constructor as transport", "GET", "EIO=4&transport=constructor", false, 400, unknownTransport},
		{"webtransport", "GET", "EIO=4&transport=webtransport", false, 400, unknownTransport},
		{"version 3", "GET", "EIO=3&transport=polling", false, 400, badVersion},
		{"no version", "GET", "transport=polling", false, 400, badVersion},
		{"version 5", "GET", "EIO=5&transport=polling", false, 400, badVersion},
		{"last version counts", "GET", "EIO=4&EIO=3&transport=polling", false, 400, badVersion},
		{"last version counts, good", "GET", "EIO=3&EIO=4&transport=polling", false, 200, ""},
		{"unknown sid", "GET", "EIO=4&transport=polling&sid=nobody", false, 400, unknownSession},
		{"prototype as sid", "GET", "EIO=4&transport=polling&sid=__proto__", false, 400, unknownSession},
		{"empty sid", "GET", "EIO=4&transport=polling&sid=", false, 200, ""},
		{"POST without sid", "POST", "EIO=4&transport=polling", false, 400, badMethod},
		{"PUT without sid", "PUT", "EIO=4&transport=polling", false, 400, badMethod},
		{"DELETE without sid", "DELETE", "EIO=4&transport=polling", false, 400, badMethod},
		{"OPTIONS without sid", "OPTIONS", "EIO=4&transport=polling", false, 400, badMethod},
		{"HEAD without sid", "HEAD", "EIO=4&transport=polling", false, 400, badMethod},
		{"websocket without upgrade", "GET", "EIO=4&transport=websocket", false, 400, badRequest},
		{"transport checked before version", "GET", "EIO=3&transport=x", false, 400, unknownTransport},
		{"method checked before version", "POST", "EIO=3&transport=polling", false, 400, badMethod},
		{"WebSocket, unknown sid", "GET", "EIO=4&transport=websocket&sid=nobody", true, 400, "Session ID unknown"},
		{"WebSocket, unknown transport", "GET", "EIO=4&transport=__proto__", true, 400, "Transport unknown"},
		{"WebSocket, version 3", "GET", "EIO=3&transport=websocket", true, 400, "Unsupported protocol version"},
		{"WebSocket, no version", "GET", "transport=websocket", true, 400, "Unsupported protocol version"},
		{"WebSocket for polling", "GET", "EIO=4&transport=polling", true, 400, "Bad request"},
		{"WebSocket by POST", "POST", "EIO=4&transport=websocket", true, 400, "Bad handshake method"},
	} {
		t.Run(test.name, func(t *testing.T) {
			play(t, nil, func(d *dialogue) {
				r := httptest.NewRequest(test.method, "/socket.io/?"+test.query, nil)
				if test.upgrade {
					r.Header.Set("Connection", "Upgrade")
					r.Header.Set("Upgrade", "websocket")
				}
				w := httptest.NewRecorder()
				d.server.ServeHTTP(w, r)
				require.Equal(d, test.status, w.Code)
				require.Equal(d, "nosniff", w.Header().Get("X-Content-Type-Options"))
				if test.status == 200 {
					require.Regexp(d, `^0\{"sid":"[-_A-Za-z0-9]{20}","upgrades":\["websocket"\],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000\}$`, w.Body.String())
					return
				}
				require.Equal(d, test.body, w.Body.String())
				open := d.server.Sessions()
				require.Zero(d, open)
				if !test.upgrade {
					require.Equal(d, "application/json", w.Header().Get("Content-Type"))
				}
			})
		})
	}
}

func TestRequestsThatDoNotFitTheirSession(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		for _, test := range []struct {
			method, query string
			status        int
			body          string
		}{
			{"GET", "transport=websocket", 400, badRequest},
			{"GET", "transport=polling&EIO=3", 400, badRequest},
			{"POST", "transport=polling&EIO=3", 400, badRequest},
			{"PUT", "transport=polling", 405, ""},
			{"DELETE", "transport=polling", 405, ""},
			{"OPTIONS", "transport=polling", 405, ""},
			{"HEAD", "transport=polling", 405, ""},
		} {
			x := d.start(test.method, test.query+"&sid="+p.sid, "4x").finish()
			require.Equal(d, test.status, x.Code, test.query)
			require.Equal(d, test.body, x.text())
		}
		x := d.start("GET", "transport=websocket&EIO=3&sid="+p.sid, "", "Upgrade", "websocket").finish()
		require.Equal(d, 400, x.Code)
		require.Equal(d, "Bad request", x.text())
		d.wantOpen(p.record)
		d.wantReceived(p.record)
	})
}

func TestAllowRequestIsAskedForHandshakesOnly(t *testing.T) {
	asked := 0
	config := func(o *Options) {
		o.AllowRequest = func(r *http.Request) error {
			if asked++; strings.Contains(r.URL.RawQuery, "token=bad") {
				return errors.New("who are you?")
			}
			return nil
		}
	}
	play(t, config, func(d *dialogue) {
		x := d.start("GET", "transport=polling&token=bad", "").finish()
		require.Equal(d, http.StatusForbidden, x.Code)
		require.Equal(d, `{"code":4,"message":"who are you?"}`, x.text())
		x = d.start("GET", "transport=websocket&token=bad", "", "Upgrade", "websocket").finish()
		require.Equal(d, http.StatusBadRequest, x.Code)
		require.Equal(d, "who are you?", x.text())
		p := d.poll()
		p.wantPost("4a")
		d.websocket(p.sid)
		require.Equal(d, 3, asked)
	})
}

func TestTransportsThatAreOff(t *testing.T) {
	play(t, func(o *Options) { o.Transports = []engineio.Transport{engineio.WebSocket} }, func(d *dialogue) {
		require.Equal(d, unknownTransport, d.start("GET", "transport=polling", "").finish().text())
		d.websocket("")
	})
	play(t, func(o *Options) { o.Transports = []engineio.Transport{engineio.Polling} }, func(d *dialogue) {
		x := d.start("GET", "transport=polling", "").finish()
		require.Contains(d, x.text(), `"upgrades":[]`)
		require.Equal(d, "Transport unknown", d.start("GET", "transport=websocket", "", "Upgrade", "websocket").finish().text())
	})
	play(t, func(o *Options) { o.NoUpgrade = true }, func(d *dialogue) {
		x := d.start("GET", "transport=polling", "").finish()
		require.Contains(d, x.text(), `"upgrades":[]`)
	})
}

func TestHandshakeOnWebSocketOffersNoUpgrade(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		d.start("GET", "transport=websocket", "", "Upgrade", "websocket").finish()
		ws := &peer{d, d.dialed}
		require.Contains(d, string(ws.read().Data), `"upgrades":[]`)
	})
}

func TestMaxSessions(t *testing.T) {
	play(t, func(o *Options) { o.MaxSessions = 1 }, func(d *dialogue) {
		p := d.poll()
		for _, upgrade := range []string{"", "websocket"} {
			name := "polling"
			if upgrade != "" {
				name = upgrade
			}
			x := d.start("GET", "transport="+name, "", "Upgrade", upgrade).finish()
			require.Equal(d, http.StatusServiceUnavailable, x.Code)
			require.NotEmpty(d, x.Header().Get("Retry-After"))
		}
		p.wantPost("1")
		d.wantEnd(p.record, engineio.TransportClose)
		d.poll()
	})
}

// A client that there is no place for learns it before its WebSocket is accepted.
func TestMaxSessionsWhileAWebSocketIsAccepted(t *testing.T) {
	play(t, func(o *Options) { o.MaxSessions = 1 }, func(d *dialogue) {
		accept, gate := d.server.accept, make(chan error)
		d.server.accept = func(w http.ResponseWriter, r *http.Request) (transport.Conn, error) {
			if err := <-gate; err != nil {
				return nil, err
			}
			return accept(w, r)
		}
		dial := func() *exchange { return d.start("GET", "transport=websocket", "", "Upgrade", "websocket") }
		first := dial()
		require.True(d, first.waits())
		require.Equal(d, http.StatusServiceUnavailable, dial().finish().Code)
		gate <- errors.New("no WebSocket after all")
		first.finish()
		second := dial()
		require.True(d, second.waits(), "the place is free again")
		gate <- nil
		second.finish()
		require.Equal(d, 1, d.server.Sessions())
	})
}

func TestCookieOnPollingHandshakeOnly(t *testing.T) {
	config := func(o *Options) {
		o.Cookie = func(sid string, _ *http.Request) *http.Cookie { return &http.Cookie{Name: "io", Value: sid} }
	}
	play(t, config, func(d *dialogue) {
		x := d.start("GET", "transport=polling", "").finish()
		require.Contains(d, x.text(), strings.TrimPrefix(x.Header().Get("Set-Cookie"), "io="))
		p := d.poll()
		require.Empty(d, p.post("4a").finish().Header().Get("Set-Cookie"))
		d.send(p.record, "4b")
		require.Empty(d, p.get().finish().Header().Get("Set-Cookie"))
		x = d.start("GET", "transport=websocket", "", "Upgrade", "websocket").finish()
		require.Empty(d, x.Header().Get("Set-Cookie"))
	})
}

func TestIDsAreLongAndDiffer(t *testing.T) {
	seen := make(map[string]bool)
	for range 1000 {
		id := NewID()
		require.Regexp(t, `^[-_A-Za-z0-9]{20}$`, id)
		require.False(t, seen[id])
		seen[id] = true
	}
}
