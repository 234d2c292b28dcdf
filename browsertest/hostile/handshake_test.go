package hostile

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rs/cors"
	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
)

const (
	origin = "https://app.example.com"
	evil   = "https://evil.example"
)

// coded is the answer to a request that belongs to no session or does not fit its own.
func coded(status int, body string) func(s *stage, a answer) {
	return func(s *stage, a answer) {
		s.Helper()
		require.Equal(s, status, a.status, "%v", a)
		require.Equal(s, body, a.body)
		require.Equal(s, "nosniff", a.header.Get("X-Content-Type-Options"))
	}
}

var (
	unknownTransport = coded(400, `{"code":0,"message":"Transport unknown"}`)
	unknownSession   = coded(400, gone)
	badMethod        = coded(400, `{"code":2,"message":"Bad handshake method"}`)
	badRequest       = coded(400, `{"code":3,"message":"Bad request"}`)
	badVersion       = coded(400, `{"code":5,"message":"Unsupported protocol version"}`)
	badUpgrade       = coded(400, "Bad request")
	opened           = func(s *stage, a answer) {
		s.Helper()
		require.Equal(s, 200, a.status)
		s.adopt(a)
	}
)

// asks is a row of one GET.
func asks(query string, want func(s *stage, a answer)) func(s *stage) {
	return func(s *stage) { want(s, s.ask("GET", query, "")) }
}

func TestHandshake(t *testing.T) {
	play(t, requests, []row{
		{id: "E01_no_transport", input: "GET without a transport", play: asks("EIO=4", unknownTransport)},
		{id: "E02_unknown_transport", input: "transport=tin-can", play: asks("EIO=4&transport=tin-can", unknownTransport)},
		{id: "E03_transport_proto", input: "transport=__proto__, constructor, webtransport", play: func(s *stage) {
			for _, name := range []string{"__proto__", "constructor", "webtransport"} {
				unknownTransport(s, s.ask("GET", "EIO=4&transport="+name, ""))
			}
		}},
		{id: "E04_version_3", input: "EIO=3", play: asks("EIO=3&transport=polling", badVersion)},
		{id: "E05_no_version", input: "no EIO", play: asks("transport=polling", badVersion)},
		{id: "E06_version_5", input: "EIO=5", play: asks("EIO=5&transport=polling", badVersion)},
		{id: "E06b_last_key_counts", input: "EIO=3&EIO=4", play: asks("EIO=3&EIO=4&transport=polling", opened)},
		{id: "E06c_last_key_counts", input: "EIO=4&EIO=3", play: asks("EIO=4&EIO=3&transport=polling", badVersion)},
		{id: "E07_unknown_sid", input: "GET, POST with an unknown sid", play: func(s *stage) {
			unknownSession(s, s.ask("GET", pollingHandshake+"&sid=nobody", ""))
			unknownSession(s, s.ask("POST", pollingHandshake+"&sid=nobody", "4"))
		}},
		{id: "E08_sid_proto", input: "sid=__proto__", play: asks(pollingHandshake+"&sid=__proto__", unknownSession)},
		{id: "E08b_empty_sid", input: "sid=", play: asks(pollingHandshake+"&sid=", opened)},
		{id: "E09_handshake_method", input: "POST, PUT, DELETE, OPTIONS without a sid", play: func(s *stage) {
			for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
				badMethod(s, s.ask(method, pollingHandshake, ""))
			}
		}},
		{id: "E10_head", input: "HEAD without a sid", play: func(s *stage) {
			coded(400, "")(s, s.ask("HEAD", pollingHandshake, ""))
		}},
		{id: "E10b_put_with_sid", input: "PUT, DELETE, OPTIONS with a sid", play: func(s *stage) {
			p := s.poll()
			for _, method := range []string{"PUT", "DELETE", "OPTIONS"} {
				require.Contains(s, []int{400, 405}, s.ask(method, p.query, "").status)
			}
			p.post("40")
		}},
		{id: "E11_plain_get_websocket", input: "GET transport=websocket that asks for no upgrade", play: asks("EIO=4&transport=websocket", badRequest)},
		{id: "E11b_transport_differs", input: "GET transport=websocket with the sid of a polling session", play: func(s *stage) {
			p := s.poll()
			badRequest(s, s.ask("GET", "EIO=4&transport=websocket&sid="+p.sid, ""))
			p.post("40")
		}},
		{id: "E66_version_of_live_sid", input: "EIO=3 with a live sid: GET, POST", play: func(s *stage) {
			p := s.poll()
			other := "EIO=3&transport=polling&sid=" + p.sid
			badRequest(s, s.ask("GET", other, ""))
			badRequest(s, s.ask("POST", other, "40"))
			p.post("40")
			require.Contains(s, p.next(), `40{"sid"`)
		}},
		{id: "E64_paths", input: "/socket.io, /socket.io/extra/, /socket.io//, /", play: func(s *stage) {
			opened(s, s.beginAt("GET", "/socket.io?"+pollingHandshake, 0).answer())
			for _, path := range []string{"/socket.io/extra/", "/socket.io//", "/socket.iox/", "/"} {
				require.Equal(s, 404, s.beginAt("GET", path+"?"+pollingHandshake, 0).answer().status)
			}
		}},
		{id: "E01h_host", input: "any Host", play: func(s *stage) {
			a := s.ask("GET", pollingHandshake, "", "Host: evil.example")
			opened(s, a)
			for name, values := range a.header {
				require.NotContains(s, strings.Join(values, ""), "evil", name)
			}
			require.NotContains(s, a.body, "evil")
		}},
		{id: "E59_cookie", input: "a handshake, with the option Cookie", options: &server.Options{Cookie: &server.Cookie{}}, play: func(s *stage) {
			a := s.ask("GET", pollingHandshake, "")
			opened(s, a)
			secure := ""
			if s.line.tls {
				secure = "; Secure"
			}
			require.Regexp(s, `^io=[-_A-Za-z0-9]{20}; Path=/; HttpOnly`+secure+`; SameSite=Lax$`, a.header.Get("Set-Cookie"))
		}},
		{id: "E59b_no_cookie", input: "a handshake, without it", play: func(s *stage) {
			a := s.ask("GET", pollingHandshake, "")
			opened(s, a)
			require.Empty(s, a.header.Values("Set-Cookie"))
		}},
		{id: "E60_jsonp", input: "j=0; j=alert(1)//<script>", play: func(s *stage) {
			for _, j := range []string{"0", "alert(1)//%3Cscript%3E"} {
				a := s.ask("GET", pollingHandshake+"&j="+j, "")
				opened(s, a)
				require.NotContains(s, a.body, "___eio")
				require.Equal(s, "text/plain; charset=UTF-8", a.header.Get("Content-Type"))
				require.Equal(s, "nosniff", a.header.Get("X-Content-Type-Options"))
			}
		}},
		{id: "E61_preflight", input: "a preflight from an allowed origin", options: listed(), play: func(s *stage) {
			a := s.ask("OPTIONS", pollingHandshake, "", "Origin: "+origin, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: x-custom")
			require.Equal(s, 204, a.status)
			require.Equal(s, origin, a.header.Get("Access-Control-Allow-Origin"))
			require.Equal(s, "true", a.header.Get("Access-Control-Allow-Credentials"))
			require.Equal(s, "x-custom", a.header.Get("Access-Control-Allow-Headers"))
			vary := strings.Join(a.header.Values("Vary"), ", ")
			require.Contains(s, vary, "Origin")
			require.Contains(s, vary, "Access-Control-Request-Headers")
		}},
		{id: "E61evil_foreign_origin", input: "a preflight and a GET from another origin, and from null", options: listed(), play: func(s *stage) {
			for _, from := range []string{evil, "null"} {
				a := s.ask("OPTIONS", pollingHandshake, "", "Origin: "+from, "Access-Control-Request-Method: POST")
				require.Empty(s, a.header.Values("Access-Control-Allow-Origin"))
				a = s.ask("GET", pollingHandshake, "", "Origin: "+from)
				opened(s, a)
				require.Empty(s, a.header.Values("Access-Control-Allow-Origin"))
			}
		}},
		{id: "E61a_no_cors", input: "a GET from a foreign origin, without the option CORS", play: func(s *stage) {
			a := s.ask("GET", pollingHandshake, "", "Origin: "+origin)
			opened(s, a)
			for name := range a.header {
				require.NotContains(s, name, "Access-Control")
			}
		}},
		{id: "E61s_everyone_with_credentials", input: "the options say: every origin, with credentials", lines: []*line{http1}, play: func(s *stage) {
			require.PanicsWithValue(s, "server: Options.CORS.AllowCredentials is true, and every origin is allowed: browsers refuse that", func() {
				server.New(&server.Options{CORS: &cors.Options{AllowedOrigins: []string{"*"}, AllowCredentials: true}})
			})
			s.say("New panics")
		}},
		{id: "SL2_headers_never_end", input: "a header that does not end, ReadHeaderTimeout set as the docs say", lines: []*line{http1}, fake: true, play: func(s *stage) {
			w := s.wire()
			begin := time.Now()
			w.write("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: server\r\nX-A: ")
			w.wantEOF()
			require.Less(s, time.Since(begin), 11*time.Second)
			s.say("hung up on after 10 s")
		}},
		{id: "body_of_no_session", input: "a POST of 1 MB, of which one byte comes: unknown sid, no sid, unknown transport", lines: []*line{http1, h2c}, fake: true, play: func(s *stage) {
			for _, query := range []string{pollingHandshake + "&sid=nobody", pollingHandshake, "EIO=4&transport=tin-can"} {
				e := s.begin("POST", query, 1_000_000)
				e.write("4")
				require.Equal(s, 400, e.answer().status)
			}
		}},
	})
}

func listed() *server.Options {
	return &server.Options{CORS: &cors.Options{AllowedOrigins: []string{origin}, AllowCredentials: true}}
}

// knocks is a row of one request for a WebSocket.
func knocks(query string, want func(s *stage, a answer), header ...string) func(s *stage) {
	return func(s *stage) {
		w, a := s.knock(query, header...)
		want(s, a)
		if a.status == http.StatusBadRequest {
			w.wantEOF()
		}
	}
}

// asksFor is a row of one request for a WebSocket, of whose header the lines given are all.
func asksFor(status int, method string, header ...string) func(s *stage) {
	return func(s *stage) {
		w := s.wire()
		w.write(head(method, endpoint+webSocketHandshake, header...))
		a := w.answer(method)
		s.say("%v", a)
		require.Equal(s, status, a.status)
	}
}

const webSocketHandshake = "EIO=4&transport=websocket"

func upgraded(s *stage, a answer) {
	s.Helper()
	require.Equal(s, http.StatusSwitchingProtocols, a.status)
}

func TestWebSocketHandshake(t *testing.T) {
	forbidden := func(s *stage, a answer) {
		s.Helper()
		require.Equal(s, http.StatusForbidden, a.status)
	}
	const connection, upgrade, version, key = "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
	play(t, webSockets, []row{
		{id: "E03w_upgrade_transport_proto", input: "an upgrade with transport=__proto__, constructor, tin-can", play: func(s *stage) {
			for _, name := range []string{"__proto__", "constructor", "tin-can"} {
				knocks("EIO=4&transport="+name, coded(400, "Transport unknown"))(s)
			}
		}},
		{id: "E12_upgrade_polling", input: "an upgrade with transport=polling", play: knocks(pollingHandshake, badUpgrade)},
		{id: "E13_upgrade_unknown_sid", input: "an upgrade with an unknown sid", play: knocks(webSocketHandshake+"&sid=nobody", coded(400, "Session ID unknown"))},
		{id: "E13b_upgrade_version_3", input: "an upgrade with EIO=3", play: knocks("EIO=3&transport=websocket", coded(400, "Unsupported protocol version"))},
		{id: "E13c_upgrade_no_version", input: "an upgrade without EIO", play: knocks("transport=websocket", coded(400, "Unsupported protocol version"))},
		{id: "E37d_poll_on_websocket", input: "a GET on polling with the sid of a session on a WebSocket", play: func(s *stage) {
			f := s.webSocketQuietly()
			_, payload := f.read()
			sid, _, _ := strings.Cut(strings.TrimPrefix(payload, `0{"sid":"`), `"`)
			w := s.wire()
			w.write(head("GET", endpoint+pollingHandshake+"&sid="+sid))
			a := w.answer("GET")
			s.say("%v", a)
			badRequest(s, a)
			f.write(text("40"))
			_, payload = f.read()
			require.Contains(s, payload, `40{"sid"`)
		}},
		{id: "E57a_no_key", input: "no Sec-WebSocket-Key", play: asksFor(400, "GET", connection, upgrade, version)},
		{id: "E57b_short_key", input: "a short Sec-WebSocket-Key", play: asksFor(400, "GET", connection, upgrade, version, "Sec-WebSocket-Key: AA==")},
		{id: "E57c_version_12", input: "Sec-WebSocket-Version: 12", play: asksFor(400, "GET", connection, upgrade, "Sec-WebSocket-Version: 12", key)},
		{id: "E57d_post", input: "an upgrade by POST", play: asksFor(400, "POST", connection, upgrade, version, key, "Content-Length: 0")},
		{id: "E57e_upgrade_h2c", input: "Upgrade: h2c", play: asksFor(400, "GET", connection, "Upgrade: h2c", key)},
		{id: "E57f_bad_extensions", input: "Sec-WebSocket-Extensions: constructor; =;;", play: knocks(webSocketHandshake, upgraded, "Sec-WebSocket-Extensions: constructor; =;;")},
		{id: "E57g_bad_protocols", input: "a list of protocols that is none", play: knocks(webSocketHandshake, upgraded, "Sec-WebSocket-Protocol: ,,a b,\"")},
		{id: "E57h_many_spaces", input: "64 KB of spaces in Sec-WebSocket-Protocol", play: knocks(webSocketHandshake, func(s *stage, a answer) {
			require.Equal(s, 431, a.status)
		}, "Sec-WebSocket-Protocol: a"+strings.Repeat(" ", 64<<10)+"b")},
		{id: "E57i_many_headers", input: "2,000 header lines on an upgrade", play: knocks(webSocketHandshake, func(s *stage, a answer) {
			require.Contains(s, []int{101, 431}, a.status)
		}, strings.Split(strings.TrimSuffix(strings.Repeat("X-A: b\n", 2000), "\n"), "\n")...)},
		{id: "E22x_bytes_behind_upgrade", input: `"test" behind the header of an upgrade`, play: func(s *stage) {
			w := s.wire()
			w.write(head("GET", endpoint+webSocketHandshake, upgradeHeader...), "test")
			require.Equal(s, 101, w.answer("GET").status)
			frames{w}.wantCloseBehind(1002) // the handshake, which may come too late
			s.wantEnd(event.TransportError)
		}},
		{id: "E22y_bytes_behind_upgrade_of_session", input: `"test" behind that of an upgrade of a session, and of an unknown one`, play: func(s *stage) {
			for _, sid := range []string{"nobody", ""} {
				var p *polled
				if sid == "" {
					p = s.poll()
					sid = p.sid
				}
				w := s.wire()
				w.write(head("GET", endpoint+webSocketHandshake+"&sid="+sid, upgradeHeader...), "test")
				w.answer("GET")
				w.wantEOF()
				if p != nil {
					p.post("40")
					s.say("the session goes on")
				}
			}
		}},
		{id: "E22z_body_of_upgrade", input: "an upgrade with a body", play: func(s *stage) {
			w := s.wire()
			w.write(head("GET", endpoint+webSocketHandshake, append(upgradeHeader, "Content-Length: 4")...), "test")
			require.Equal(s, 101, w.answer("GET").status)
			f := frames{w}
			f.begin().wantWorks()
		}},
		{id: "E22r_reset_while_rejected", input: "a rejected upgrade, reset before it was answered, ×50", play: func(s *stage) {
			for range 50 {
				w := s.wire()
				w.write(head("GET", endpoint+"EIO=3&transport=websocket&sid=x", upgradeHeader...))
				w.reset()
			}
			s.say("nothing")
		}},
		{id: "E61w_foreign_origin", input: "a WebSocket from a foreign origin, and from null", play: func(s *stage) {
			for _, from := range []string{evil, "null"} {
				knocks(webSocketHandshake, forbidden, "Origin: "+from)(s)
			}
		}},
		{id: "E61x_unlisted_origin", input: "the same beside a list of CORS", options: listed(), play: func(s *stage) {
			for _, from := range []string{evil, "null"} {
				knocks(webSocketHandshake, forbidden, "Origin: "+from)(s)
			}
			knocks(webSocketHandshake, upgraded, "Origin: "+origin)(s)
		}},
		{id: "E61o_own_origin", input: "a WebSocket from a page of the server's own", play: knocks(webSocketHandshake, upgraded, "Origin: https://server")},
		{id: "E66w_version_of_live_sid", input: "an upgrade with EIO=3 and a live sid", play: func(s *stage) {
			p := s.poll()
			knocks("EIO=3&transport=websocket&sid="+p.sid, badUpgrade)(s)
			p.post("40")
			s.say("the session goes on")
		}},
	})
}
