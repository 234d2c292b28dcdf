package hostile

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
)

// joined opens a session on polling that has joined "/", and has nothing to be sent.
func (s *stage) joined() *polled {
	s.Helper()
	p := s.poll()
	p.post("40")
	require.Contains(s, p.next(), `40{"sid"`)
	return p
}

// posts is a row of bodies, each of which is accepted and ends a session.
func posts(reason event.Reason, bodies ...string) func(s *stage) {
	return func(s *stage) {
		for _, body := range bodies {
			p := s.joined()
			a := s.ask("POST", p.query, body)
			require.Equal(s, answer{200, a.header, "ok"}, a, "%.40q", body)
			require.Equal(s, reason, await(s, s.ended).reason, "%.40q", body)
			p.wantGone()
		}
		s.say("%s", reason)
	}
}

// ignores is a row of bodies that change nothing.
func ignores(bodies ...string) func(s *stage) {
	return func(s *stage) {
		p := s.joined()
		for _, body := range bodies {
			a := s.ask("POST", p.query, body)
			require.Equal(s, answer{200, a.header, "ok"}, a, "%.40q", body)
		}
		p.post(`420["a",1]`)
		require.Equal(s, `430[1]`, p.next())
	}
}

func TestPolling(t *testing.T) {
	play(t, requests, []row{
		{id: "E15_two_gets", input: "a second GET while one waits", play: func(s *stage) {
			p := s.joined()
			first := s.begin("GET", p.query, 0)
			first.await()
			second := s.ask("GET", p.query, "")
			require.Equal(s, answer{400, second.header, ""}, second)
			require.Equal(s, "1", first.answer().body)
			s.wantEnd(event.TransportError)
			p.wantGone()
		}},
		{id: "E16_two_posts", input: "a second POST while one is unfinished", play: func(s *stage) {
			p := s.joined()
			first := s.begin("POST", p.query, 100)
			first.write("42")
			first.await()
			second := s.ask("POST", p.query, `42["a"]`)
			require.Equal(s, answer{400, second.header, ""}, second)
			require.Equal(s, 400, first.answer().status)
			s.wantEnd(event.TransportError)
			p.wantGone()
		}},
		{id: "E17_get_aborted", input: "a GET that waits, given up by the client", play: func(s *stage) {
			p := s.joined()
			get := s.begin("GET", p.query, 0)
			get.await()
			get.reset()
			s.wantEnd(event.TransportError)
			p.wantGone()
		}},
		{id: "E18_post_aborted", input: "a POST given up in its middle", play: func(s *stage) {
			p := s.joined()
			post := s.begin("POST", p.query, 100)
			post.write("42")
			post.await()
			post.reset()
			s.wantEnd(event.TransportError)
			p.wantGone()
		}},
		{id: "E18b_post_cut_short", input: "a POST whose connection ends in an orderly way before its body does", lines: []*line{http1}, play: func(s *stage) {
			p := s.joined()
			post := s.begin("POST", p.query, 100)
			post.write("42")
			post.await()
			require.NoError(s, post.exchange.(*request).Close())
			s.wantEnd(event.TransportError)
			p.wantGone()
		}},
		{id: "SL1_trickling_post", input: "a POST of one byte each 100 ms", fake: true, options: &server.Options{PingInterval: time.Hour}, play: func(s *stage) {
			p := s.joined()
			begin := time.Now()
			post := s.begin("POST", p.query, 1_000_000)
			var trickling sync.WaitGroup
			stop := make(chan struct{})
			trickling.Go(func() {
				for {
					select {
					case <-stop:
						return
					case <-time.After(100 * time.Millisecond):
						post.write("4")
					}
				}
			})
			require.Equal(s, 408, post.answer().status)
			close(stop)
			post.reset()
			trickling.Wait()
			s.wantEnd(event.TransportError)
			require.Less(s, time.Since(begin), 45*time.Second)
		}},
		{id: "E19_octet_stream", input: "application/octet-stream", play: func(s *stage) {
			p := s.joined()
			a := s.ask("POST", p.query, "4x", "Content-Type: application/octet-stream")
			require.Equal(s, 400, a.status, "and the answer is complete")
			s.wantEnd(event.TransportError)
			p.wantGone()
		}},
		{id: "E19b_other_types", input: "application/json, and types that are none", play: func(s *stage) {
			p := s.joined()
			for _, kind := range []string{"application/json", "text/html; charset=x", "/", "application/x-www-form-urlencoded"} {
				a := s.ask("POST", p.query, `420["a"]`, "Content-Type: "+kind)
				require.Equal(s, "ok", a.body)
				require.Equal(s, `430[]`, p.next())
			}
		}},
		{id: "E20_body_over_limit", input: "a body of 1,000,001 bytes, announced", play: func(s *stage) {
			p := s.joined()
			post := s.begin("POST", p.query, 1_000_001)
			require.Equal(s, 413, post.answer().status)
			post.reset()
			require.Error(s, s.wantEnd(event.TransportError))
			p.wantGone()
		}},
		{id: "E20b_chunked_over_limit", input: "a body of 1,000,001 bytes, not announced, with a close packet", play: func(s *stage) {
			p := s.joined()
			post := s.begin("POST", p.query, -1)
			post.write("1\x1e6", strings.Repeat("x", 999_998))
			post.end()
			require.Equal(s, 413, post.answer().status)
			require.Error(s, s.wantEnd(event.TransportError))
			p.wantGone()
		}},
		{id: "E20c_body_at_limit", input: "a body of 1,000,000 bytes", play: func(s *stage) {
			p := s.joined()
			a := s.ask("POST", p.query, "420[\"a\"]\x1e6"+strings.Repeat("x", 1_000_000-10))
			require.Equal(s, "ok", a.body)
			require.Equal(s, `430[]`, p.next())
		}},
		{id: "E22_empty_body", input: "an empty body", play: posts(event.ParseError, "")},
		{id: "E23_no_packet", input: "abc; 7; \\x00", play: posts(event.ParseError, "abc", "7", "\x00")},
		{id: "E24_separators", input: "separators alone, first, last; a byte order mark", play: posts(event.ParseError, "\x1e\x1e", "\x1e6", "6\x1e", "\ufeff6")},
		{id: "E25_120000_packets", input: "120,000 events in one body", app: count, play: func(s *stage) {
			p := s.joined()
			const n = 120_000
			a := s.ask("POST", p.query, strings.Repeat("42[\"a\"]\x1e", n-1)+`42["n"]`)
			require.Equal(s, "ok", a.body)
			require.Equal(s, `42["n",119999]`, p.next())
		}},
		{id: "E26_base64", input: "binary in base64 with and without padding", play: func(s *stage) {
			p := s.joined()
			for _, packet := range []string{"bAQI=", "bAQI"} {
				p.post(`451-0["a",{"_placeholder":true,"num":0}]`, packet)
				require.Equal(s, `461-0[{"_placeholder":true,"num":0}]`, p.next())
				require.Equal(s, "bAQI=", p.next())
			}
			s.say("accepted")
		}},
		{id: "E26b_no_base64", input: "b!!!!; b-_-_ (URL-safe); bA; bAQ=I; a line break in it", play: posts(event.ParseError, "b!!!!", "b-_-_", "bA", "bAQ=I", "bAQ\nI")},
		{id: "E26c_empty_binary", input: "b alone: binary that nothing announced", play: posts(event.ForcedClose, "b")},
		{id: "E28_close", input: "a close packet while a GET waits, with a CONNECT behind it", play: func(s *stage) {
			p := s.poll()
			get := s.begin("GET", p.query, 0)
			get.await()
			p.post("1", "40")
			require.Equal(s, "6", get.answer().body)
			s.wantEnd(event.TransportClose)
			p.wantGone()
			require.Empty(s, s.sio.Sockets())
		}},
		{id: "E29_ignored_packets", input: "0…, 5, 6 from a client", play: ignores(`0{"sid":"x"}`, "0", "5", "6", "6x")},
		{id: "E30_ping_from_client", input: "2; 2probe", play: posts(event.TransportError, "2", "2probe")},
		{id: "E32_unasked_pong", input: "3, ×5,000 in a body", play: ignores("3", strings.Repeat("3\x1e", 4999)+"3")},
		{id: "E32b_pongs_postpone_nothing", input: "a pong each second", fake: true, play: func(s *stage) {
			p := s.joined()
			begin := time.Now()
			get := s.begin("GET", p.query, 0)
			var pongs sync.WaitGroup
			stop := make(chan struct{})
			pongs.Go(func() {
				for {
					select {
					case <-stop:
						return
					case <-time.After(time.Second):
						p.post("3")
					}
				}
			})
			require.Equal(s, "2", get.answer().body)
			close(stop)
			pongs.Wait()
			require.InDelta(s, 25, time.Since(begin).Seconds(), 1)
			p.post("3")
		}},
		{id: "E35b_empty_message", input: "4", play: posts(event.ForcedClose, "4")},
		{id: "E36_not_utf8", input: "bytes that are not UTF-8", play: posts(event.ParseError, "42[\"a\",\"\xff\"]", "4\xed\xa0\x80")},
		{id: "E36b_event_behind_connect", input: `40, 42["x"], binary in one body`, play: func(s *stage) {
			p := s.poll()
			p.post("40", `420["a",1]`, `451-1["a",{"_placeholder":true,"num":0}]`, "bAQI=")
			require.Contains(s, p.next(), `40{"sid"`)
			for _, want := range []string{`430[1]`, `461-1[{"_placeholder":true,"num":0}]`, "bAQI="} {
				require.Equal(s, want, p.next())
			}
			s.say("answered in order")
		}},
		{id: "HB1_no_pong", input: "GETs go on, no pong comes", fake: true, play: func(s *stage) {
			p := s.joined()
			begin := time.Now()
			require.Equal(s, "2", p.next())
			require.Equal(s, "1", s.ask("GET", p.query, "").body)
			s.wantEnd(event.PingTimeout)
			require.InDelta(s, 45, time.Since(begin).Seconds(), 1)
		}},
		{id: "HB3_abandoned", input: "a session that is never polled again", fake: true, play: func(s *stage) {
			begin := time.Now()
			s.joined()
			s.wantEnd(event.PingTimeout)
			require.InDelta(s, 45, time.Since(begin).Seconds(), 1)
		}},
		{id: "HB4_handshakes_alone", input: "50 handshakes by polling, left alone", fake: true, lines: []*line{http1}, play: func(s *stage) {
			w := s.wire()
			for range 50 {
				w.write(head("GET", endpoint+pollingHandshake))
				require.Equal(s, 200, w.answer("GET").status)
			}
			require.Equal(s, 50, s.sio.Stats().Connections)
			for range 50 {
				require.Contains(s, []event.Reason{event.PingTimeout, event.ForcedServerClose}, await(s, s.ended).reason)
			}
			s.say("all ended")
		}},
		{id: "T6_repeated_get", input: "a GET with the t of the last one, whose answer was lost", play: func(s *stage) {
			p := s.joined()
			require.NoError(s, s.sio.Emit("one"))
			require.Equal(s, 200, s.quiet("GET", p.query+"&t=a", "").status)
			require.NoError(s, s.sio.Emit("two"))
			second := s.ask("GET", p.query+"&t=b", "")
			require.Equal(s, `42["two"]`, second.body)
			require.Equal(s, second.body, s.ask("GET", p.query+"&t=b", "").body)
			require.NoError(s, s.sio.Emit("three"))
			require.Equal(s, `42["three"]`, s.ask("GET", p.query+"&t=c", "").body)
		}},
		{id: "T6b_repeated_post", input: "a POST with the t of the last one", play: func(s *stage) {
			p := s.joined()
			for _, t := range []string{"a", "b", "b", "c"} {
				require.Equal(s, "ok", s.ask("POST", p.query+"&t="+t, `420["a","`+t+`"]`).body)
			}
			for _, want := range []string{`430["a"]`, `430["b"]`, `430["c"]`} {
				require.Equal(s, want, p.next())
			}
			p.post(`421["a"]`)
			require.Equal(s, `431[]`, p.next())
		}},
		{id: "T6c_constant_t", input: "a client whose t never changes", play: func(s *stage) {
			p := s.joined()
			for range 3 {
				require.Equal(s, "ok", s.quiet("POST", p.query+"&t=x", `420["a"]`).body)
				require.Equal(s, `430[]`, s.ask("GET", p.query+"&t=x", "").body)
			}
		}},
		{id: "T7_ended_behind_a_post", input: "a session that ends while its POST's handler returns, ×100", play: func(s *stage) {
			for range 100 {
				p := s.joined()
				get := s.begin("GET", p.query, 0)
				get.await()
				post := s.begin("POST", p.query, 8)
				post.write("6123")
				post.await()
				var ending sync.WaitGroup
				ending.Go(func() { s.quiet("GET", p.query, "") }) // one too many
				ending.Go(func() {
					post.write("4567")
					post.end()
				})
				ending.Wait()
				get.exchange.answer()
				require.Contains(s, []int{200, 400}, post.exchange.answer().status)
				await(s, s.ended)
			}
			s.say("the server lives")
		}},
		{id: "T13_idle_connections", input: "connections without a request, IdleTimeout set as the docs say", lines: []*line{http1}, fake: true, play: func(s *stage) {
			var idle []*wire
			for range 100 {
				w := s.wire()
				w.write(head("GET", endpoint+"EIO=4"))
				w.answer("GET")
				idle = append(idle, w)
			}
			begin := time.Now()
			for _, w := range idle {
				w.wantEOF()
			}
			require.Less(s, time.Since(begin), 61*time.Second)
			s.say("hung up on")
		}},
	})
}

// count counts the events named "a", and answers "n" with the sum.
func count(s *stage) {
	s.sio.OnConnect(func(socket *server.Socket) {
		n := 0
		socket.On("a", func(context.Context, *event.Message) error { n++; return nil })
		socket.On("n", func(context.Context, *event.Message) error { return socket.Emit("n", n) })
	})
}

// The move of a session from polling to a WebSocket.
func TestUpgrade(t *testing.T) {
	// survives wants that the WebSocket is closed and the session goes on.
	survives := func(p *polled, f frames) {
		p.Helper()
		f.wantCloseBehind(0)
		p.post(`420["a",1]`)
		require.Equal(p, `430[1]`, p.next())
		p.say("the session goes on")
	}
	first := func(frame string) func(s *stage) {
		return func(s *stage) {
			p := s.joined()
			f := s.webSocket(p.sid)
			f.write(frame)
			survives(p, f)
		}
	}
	probe := func(f frames) {
		f.Helper()
		f.write(text("2probe"))
		f.want("3probe")
	}
	play(t, upgrades, []row{
		{id: "E37_upgrade", input: "an upgrade; then a GET, and another WebSocket with the same sid", play: func(s *stage) {
			p := s.joined()
			f := s.webSocket(p.sid)
			probe(f)
			f.write(text("5"))
			f.write(text(`420["a",1]`))
			f.want(`430[1]`)
			badRequest(s, s.ask("GET", p.query, ""))
			s.webSocket(p.sid).wantClose(0)
			f.wantWorks()
		}},
		{id: "E37b_poll_while_probing", input: "a GET that waits while a WebSocket is probed, ×250", fake: true, play: func(s *stage) {
			for range 250 {
				p := s.poll()
				get := s.begin("GET", p.query, 0)
				get.await()
				f := s.webSocket(p.sid)
				probe(f)
				require.Equal(s, "6", get.answer().body)
				f.write(text("5"))
				f.wantWorks()
				require.NoError(s, f.Close())
				await(s, s.ended)
			}
		}},
		{id: "E39_second_while_upgrading", input: "a second WebSocket while one is probed", play: func(s *stage) {
			p := s.joined()
			f := s.webSocket(p.sid)
			probe(f)
			s.webSocket(p.sid).wantClose(0)
			f.write(text("5"))
			f.wantWorks()
		}},
		{id: "E40_probe_then_silence", input: "2probe, and then silence", fake: true, play: func(s *stage) {
			p := s.joined()
			f := s.webSocket(p.sid)
			probe(f)
			begin := time.Now()
			f.wantClose(0)
			require.InDelta(s, 10, time.Since(begin).Seconds(), 1)
			p.post(`420["a",1]`)
			require.Equal(p, `430[1]`, p.next())
		}},
		{id: "E40b_silence", input: "a WebSocket with a live sid, and then silence", fake: true, play: func(s *stage) {
			p := s.joined()
			f := s.webSocket(p.sid)
			begin := time.Now()
			survives(p, f)
			require.InDelta(s, 10, time.Since(begin).Seconds(), 1)
		}},
		{id: "E41_first_4hello", input: "4hello as the first frame of an upgrade", play: first(text("4hello"))},
		{id: "E41_first_2", input: "2", play: first(text("2"))},
		{id: "E41_first_2foo", input: "2foo", play: first(text("2foo"))},
		{id: "E41_first_3probe", input: "3probe", play: first(text("3probe"))},
		{id: "E41_first_xyz", input: "xyz", play: first(text("xyz"))},
		{id: "E41_first_1", input: "1", play: first(text("1"))},
		{id: "E41_first_empty", input: "an empty text", play: first(text(""))},
		{id: "E41_first_binary", input: "binary", play: first(frame(fin|opBinary, "2probe"))},
		{id: "E41_5_without_probe", input: "5 without a probe", play: first(text("5"))},
		{id: "E41b_three_probes", input: "2probe ×3", play: func(s *stage) {
			p := s.joined()
			f := s.webSocket(p.sid)
			for range 3 {
				probe(f)
			}
			f.write(text("5"))
			f.wantWorks()
		}},
		{id: "E41c_many_probes", input: "2probe ×1,000", play: first(strings.Repeat(text("2probe"), 1000))},
		{id: "E41d_dropped", input: "a WebSocket lost in the middle of an upgrade", play: func(s *stage) {
			p := s.joined()
			f := s.webSocket(p.sid)
			probe(f)
			f.reset()
			p.post(`420["a",1]`)
			for packet := p.next(); packet != `430[1]`; packet = p.next() {
				require.Equal(s, "6", packet)
			}
			again := s.webSocket(p.sid)
			for first, _, err := again.tryProbe(); err != nil || first != fin|opText; first, _, err = again.tryProbe() {
				again = s.webSocket(p.sid) // the loss may not have been noticed
			}
			again.write(text("5"))
			again.wantWorks()
		}},
		{id: "E41e_session_ends", input: "a close packet by POST while a WebSocket is probed", play: func(s *stage) {
			p := s.joined()
			f := s.webSocket(p.sid)
			probe(f)
			p.post("1")
			f.wantClose(0)
			s.wantEnd(event.TransportClose)
		}},
	})
}

func (f frames) tryProbe() (first byte, payload string, err error) {
	f.Helper()
	f.write(text("2probe"))
	return f.tryRead()
}
