package hostile

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
)

// violates is a row of packets, each of which ends a session that has joined "/".
func violates(packets ...string) func(s *stage) {
	return func(s *stage) {
		for _, packet := range packets {
			c := s.join()
			c.send(packet)
			c.wantClosed(event.ForcedClose)
		}
	}
}

// violatesBefore is a row of packets, each of which ends a session that has joined nothing.
func violatesBefore(packets ...string) func(s *stage) {
	return func(s *stage) {
		for _, packet := range packets {
			c := s.open()
			c.send(packet)
			c.wantClosed(event.ForcedClose)
		}
	}
}

// attached is violates with an attachment behind each packet.
func attached(packets ...string) func(s *stage) {
	return func(s *stage) {
		for _, packet := range packets {
			c := s.join()
			c.send(packet, attachment("x"))
			c.wantClosed(event.ForcedClose)
		}
	}
}

// answered is a row of packets and their answers.
func answered(pairs ...[2]string) func(s *stage) {
	return func(s *stage) {
		c := s.join()
		for _, pair := range pairs {
			c.send(pair[0])
			if pair[1] != "" {
				c.want(pair[1])
			}
		}
		c.wantWorks()
	}
}

// placeholder is one.
func placeholder(num string) string { return `{"_placeholder":true,"num":` + num + `}` }

// hold makes the middleware of "/" wait until the row was played, or its client is gone.
func hold(entered chan<- struct{}) func(s *stage) {
	return func(s *stage) {
		s.sio.Use(func(ctx context.Context, _ *server.Socket) error {
			if entered != nil {
				entered <- struct{}{}
			}
			select {
			case <-ctx.Done():
			case <-s.done:
			}
			return ctx.Err()
		})
	}
}

func TestPackets(t *testing.T) {
	long := strings.Repeat("9", 900_000)
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	longTimes := &server.Options{PingInterval: time.Hour}
	timesOut := func(send ...string) func(s *stage) {
		return func(s *stage) {
			c := s.open()
			begin := time.Now()
			if len(send) > 0 {
				c.send(send...)
			}
			require.Error(s, s.wantEnd(event.ForcedServerClose))
			require.InDelta(s, 45, time.Since(begin).Seconds(), 1)
		}
	}
	play(t, all, []row{
		{id: "S01_no_connect", input: "no CONNECT", fake: true, options: longTimes, play: timesOut()},
		{id: "S05t_invalid_namespace_only", input: "only CONNECT to an unknown namespace", fake: true, options: longTimes, play: timesOut("40/nope,")},
		{id: "S37_middleware_silent", input: "CONNECT, and middleware that never answers", fake: true, options: longTimes, app: hold(nil), play: timesOut("40")},
		{id: "S02_before_connect", input: "an event, ack, DISCONNECT, CONNECT_ERROR before CONNECT", play: violatesBefore(`42["a"]`, `430["a"]`, `41`, `44{"message":"x"}`)},
		{id: "S02e_attachments_before_connect", input: "451- before CONNECT", play: violatesBefore(`451-["a",` + placeholder("0") + `]`)},
		{id: "S02f_binary_before_connect", input: "binary before CONNECT", play: violatesBefore(attachment("x"))},
		{id: "S03_connect_again", input: "a second CONNECT when the first was answered", play: func(s *stage) {
			c := s.open()
			first := c.join("/")
			second := c.join("/")
			require.NotEqual(s, first, second)
			require.Eventually(s, func() bool { return len(s.sio.Sockets()) == 1 }, patience, time.Millisecond)
			require.Equal(s, second, s.sio.Sockets()[0].ID())
			c.send(`420["a",1]`)
			c.want(`430[1]`)
			c.wantWorks()
		}},
		{id: "S04b_connects_in_one_write", input: "40 ×2, ×500, ×2,000 in one write", app: enters, play: func(s *stage) {
			for _, n := range []int{2, 500, 2000} {
				c := s.open()
				c.send(slices.Repeat([]string{"40"}, n)...)
				last := ""
				for packet := range c.untilWorks() {
					require.Contains(s, packet, `40{"sid":"`)
					last = packet
				}
				c.send(`420["busy"]`)
				for packet := c.next(); packet != `430[0]`; packet = c.next() { // answers come beside that of another namespace
					require.Contains(s, packet, `40{"sid":"`)
					last = packet
				}
				require.Eventually(s, func() bool { return len(s.sio.Sockets()) == 1 }, patience, time.Millisecond)
				require.Contains(s, last, s.sio.Sockets()[0].ID(), "the latest answer counts")
				c.send("41")
			}
		}},
		{id: "S04c_same_payload_while_pending", input: "40 ×500 while middleware works", app: runs, play: func(s *stage) {
			c := s.open()
			c.send(slices.Repeat([]string{`40{"as":"A"}`}, 500)...)
			require.Equal(s, "A", await(s, s.wishes))
			c.wantWorks()
			s.admit <- struct{}{}
			require.Contains(s, c.next(), `40{"sid"`)
			c.wantWorks()
			require.Empty(s, s.wishes)
			s.say("one run, one answer")
		}},
		{id: "S04d_other_payload_while_pending", input: `40{"as":"A"} 40{"as":"B"} while middleware works`, app: runs, play: func(s *stage) {
			c := s.open()
			c.send(`40{"as":"A"}`)
			require.Equal(s, "A", await(s, s.wishes))
			c.send(`40{"as":"B"}`)
			require.Equal(s, "B", await(s, s.wishes), "once the run of A was canceled")
			s.admit <- struct{}{}
			require.Contains(s, c.next(), `40{"sid"`)
			c.wantWorks()
			require.Len(s, s.sio.Sockets(), 1)
			s.say("B runs, one answer")
		}},
		{id: "S04e_connect_leave_connect", input: "40 41 40 in one write", app: enters, play: func(s *stage) {
			c := s.open()
			c.send("40", "41", "40")
			for packet := range c.untilWorks() {
				require.Contains(s, packet, `40{"sid":"`)
			}
			require.Eventually(s, func() bool { return len(s.sio.Sockets()) == 1 }, patience, time.Millisecond)
			s.say("one socket")
		}},
		{id: "S05_unknown_namespaces", input: "40/nope, /__proto__, /admin?x=1, a payload without a comma", play: func(s *stage) {
			c := s.open()
			for _, name := range []string{"/nope", "/__proto__", "/admin?x=1", `/admin{"a":1}`, "/constructor"} {
				c.send("40" + name + ",")
				c.want("44" + name + `,{"message":"Invalid namespace"}`)
			}
			c.join("/")
			c.wantWorks()
		}},
		{id: "S05f_namespace_flood", input: "101 CONNECTs to unknown namespaces", play: func(s *stage) {
			c := s.open()
			for i := range 100 {
				c.send(fmt.Sprintf("40/dyn-%d,", i))
				c.next()
			}
			require.Len(s, s.sio.Namespaces(), 3, "none was made")
			c.send("40/dyn-100,")
			c.wantClosed(event.ForcedClose)
		}},
		{id: "S07_bad_auth", input: `40"x", 40[], 40null, 40{, 40 {}`, play: violatesBefore(`40"x"`, `40[]`, `40null`, `40{`, `40 {}`, `40{}x`)},
		{id: "S07e_connect_forms", input: "40/, 401{} 40{}", play: func(s *stage) {
			for _, form := range []string{"40/,", "401{}", "40{}", `40/,{"token":"x"}`} {
				c := s.open()
				c.send(form)
				require.Contains(s, c.next(), `40{"sid":"`)
				c.wantWorks()
			}
		}},
		{id: "S08_disconnect_payload", input: "41{}", play: violates(`41{}`)},
		{id: "S09_connect_error", input: "44{…} from a client", play: violates(`44{"message":"x"}`)},
		{id: "S10_reserved_names", input: "connect, connect_error, disconnect, disconnecting, newListener, removeListener", play: violates(
			`42["connect"]`, `42["connect_error"]`, `42["disconnect"]`, `42["disconnecting"]`, `42["newListener"]`, `42["removeListener"]`, `42["\u0063onnect"]`)},
		{id: "S10b_ordinary_names", input: "error, connection, message, __proto__, and an empty name", play: answered(
			[2]string{`420["error","x"]`, `430["x"]`}, [2]string{`420["connection"]`, `430[]`}, [2]string{`42["message",1]`, `42["was message",1]`},
			[2]string{`420["__proto__",1]`, `430[1]`}, [2]string{`420["",1]`, `430[1]`})},
		{id: "S10c_no_handler", input: `42["error"] and others that have no handler`, app: func(*stage) {}, play: answered(
			[2]string{`42["error"]`, ""}, [2]string{`420["error"]`, ""}, [2]string{`42["nobody",{"a":1}]`, ""}, [2]string{`42["__proto__"]`, ""}, [2]string{`42[1]`, ""})},
		{id: "S11_integer_names", input: "42[1]", play: answered([2]string{`420[1,"x"]`, `430["x"]`})},
		{id: "S11b_no_events", input: `42[], {}, "x", null, [null], [{}], [true], [["a"]]`, play: violates(
			`42[]`, `42{}`, `42"x"`, `42null`, `42[null]`, `42[{}]`, `42[{"toString":"x"}]`, `42[true]`, `42[["a"]]`)},
		{id: "S11c_bad_json", input: `["a"]x, NaN, unterminated, 1e400`, play: violates(`42["a"]x`, `42["a",NaN]`, `42["x"`, `42["a",]`, `42["a",01]`, "42[\"a\x01\"]")},
		{id: "S11d_no_payload", input: "42, 421, 43, 430, 4, 49", play: violates(`42`, `421`, `43`, `430`, `4`, `49`)},
		{id: "S11e_white_space", input: "white space in front of the payload", play: violates(`42 ["a"]`, "42\n[\"a\"]")},
		{id: "S11f_numbers", input: "12345678901234567890, -0, a lone surrogate", play: answered(
			[2]string{`420["a",12345678901234567890]`, `430[12345678901234567000]`}, [2]string{`420["a","\ud800"]`, `430["` + "\ufffd" + `"]`})},
		{id: "S11g_number_too_large", input: "1e400", play: func(s *stage) {
			c := s.join()
			c.send(`42["a",1e400]`, `420["a",1]`)
			c.want(`430[1]`)
			s.logged("1e400")
		}},
		{id: "S12_ack_ids", input: "ids above 2^53-1, of 23 and of 400 digits", play: violates(`429007199254740993["a"]`, `4212345678901234567890123["a"]`, `42`+long[:400]+`["a"]`)},
		{id: "S12b_largest_ack_id", input: "2^53-1", play: answered([2]string{`429007199254740991["a",1]`, `439007199254740991[1]`})},
		{id: "S13_unasked_acks", input: "an unknown ack id, twice, and none", play: answered([2]string{`4399["x"]`, ""}, [2]string{`4399["x"]`, ""}, [2]string{`43["x"]`, ""})},
		{id: "S13b_ack_twice", input: "the second answer to one request", app: func(s *stage) {
			s.sio.OnConnect(func(socket *server.Socket) {
				socket.On("go", func(ctx context.Context, _ *event.Message) error {
					m, err := socket.Request(ctx, "what")
					if err != nil {
						return err
					}
					var got string
					if err := m.Decode(&got); err != nil {
						return err
					}
					return socket.Emit("got", got)
				})
			})
		}, play: func(s *stage) {
			c := s.join()
			c.send(`42["go"]`)
			id := strings.TrimSuffix(strings.TrimPrefix(c.next(), "42"), `["what"]`)
			c.send("43"+id+`["first"]`, "43"+id+`["second"]`)
			c.want(`42["got","first"]`)
			c.wantWorks()
		}},
		{id: "S14c_namespace_not_joined", input: "an event for a namespace that exists, or does not, and was not joined", play: violates(
			`42/admin,["a"]`, `42/never,["a"]`, `451-/admin,["a",`+placeholder("0")+`]`, `42/admin["a"]`)},
		{id: "S15_no_attachments", input: "450-, and binary behind it", play: attached(`450-["a"]`)},
		{id: "S16_attachments", input: "11 attachments, 9999999, a count of 900,000 digits", play: violates(`4511-["a"]`, `459999999-["a"]`, `45`+long, `45`+long[:1000]+`-["a"]`)},
		{id: "S17_no_count", input: "45-, no dash, nothing behind it", play: violates(`45-["a"]`, `45["a"]`, `45-1-`, `451-`)},
		{id: "S18_bad_num", input: "num 1, -1, \"0\", \"splice\", null, true, missing, 0.5", play: attached(
			`451-["a",`+placeholder("1")+`]`, `451-["a",`+placeholder("-1")+`]`, `451-["a",`+placeholder(`"0"`)+`]`, `451-["x",`+placeholder(`"splice"`)+`]`,
			`451-["a",`+placeholder("null")+`]`, `451-["a",`+placeholder("true")+`]`, `451-["a",{"_placeholder":true}]`, `451-["a",`+placeholder("0.5")+`]`)},
		{id: "S18c_shared_and_unused", input: "one num twice, an attachment without a placeholder", play: func(s *stage) {
			c := s.join()
			c.send(`452-0["a",`+placeholder("1")+`,`+placeholder("1")+`]`, attachment("x"), attachment("y"))
			c.want(`462-0[`+placeholder("0")+`,`+placeholder("1")+`]`, attachment("y"), attachment("y"))
			c.send(`451-1["a"]`, attachment("x"))
			c.want(`431[]`)
			c.wantWorks()
		}},
		{id: "S20_text_among_attachments", input: "text before the attachments are there", play: func(s *stage) {
			c := s.join()
			c.send(`451-["a",`+placeholder("0")+`]`, `42["b"]`)
			c.wantClosed(event.ForcedClose)
		}},
		{id: "S20c_pong_among_attachments", input: "a pong there", play: func(s *stage) {
			c := s.join()
			c.send(`451-0["a",`+placeholder("0")+`]`, "3", attachment("x"))
			c.want(`461-0[`+placeholder("0")+`]`, attachment("x"))
		}},
		{id: "S20e_binary_too_many", input: "one binary too many", play: func(s *stage) {
			c := s.join()
			c.send(`451-0["a",`+placeholder("0")+`]`, attachment("x"))
			c.want(`461-0[`+placeholder("0")+`]`, attachment("x"))
			c.send(attachment("y"))
			c.wantClosed(event.ForcedClose)
		}},
		{id: "S22_attachments_missing", input: "9 of 10 attachments, and then silence", fake: true, options: longTimes, play: func(s *stage) {
			c := s.join()
			begin := time.Now()
			c.send(append([]string{`4510-["a",` + placeholder("0") + `]`}, slices.Repeat([]string{attachment("x")}, 9)...)...)
			require.Error(s, s.wantEnd(event.ForcedClose))
			require.Less(s, time.Since(begin), 40*time.Second)
		}},
		{id: "S23_odd_counts", input: "451e0-, 450x1-, 45 1-, 451.0-, 45+1-, 4501-", play: violates(`451e0-["a"]`, `450x1-["a"]`, `45 1-["a"]`, `451.0-["a"]`, `45+1-["a"]`, `4501-["a"]`)},
		{id: "S24_binary_ack", input: "a binary ack to an unknown id", play: func(s *stage) {
			c := s.join()
			c.send(`461-99[`+placeholder("0")+`]`, attachment("x"))
			c.wantWorks()
		}},
		{id: "S27_depth", input: "20,000 arrays in each other", play: violates(`42["a",` + deep(20_000) + `]`)},
		{id: "S27d_depth_within", input: "900", play: answered([2]string{`420["a",` + deep(900) + `]`, `430[` + deep(900) + `]`})},
		{id: "S27e_depth_sent_on", input: "999, to a handler that sends it on deeper", app: func(s *stage) {
			s.sio.OnConnect(func(socket *server.Socket) {
				socket.On("a", func(_ context.Context, m *event.Message) error {
					var v any
					if err := m.Decode(&v); err != nil {
						return err
					}
					if err := socket.Emit("deeper", []any{[]any{v}}); err != nil {
						return socket.Emit("failed")
					}
					return nil
				})
			})
		}, play: func(s *stage) {
			c := s.join()
			c.send(`42["a",` + deep(998) + `]`)
			c.want(`42["failed"]`)
			c.wantWorks()
		}},
		{id: "S36_leave_one_namespace", input: "41/admin, and a rejoin", play: func(s *stage) {
			c := s.join()
			first := c.join("/admin")
			c.send("41/admin,")
			c.send(`420["a",1]`)
			c.want(`430[1]`)
			require.NotEqual(s, first, c.join("/admin"))
			c.wantWorks()
		}},
		{id: "S36b_namespaces_in_turn", input: "1,000 rejoins, one after the other", lines: []*line{socket, h2c}, play: func(s *stage) {
			c := s.join()
			for range 1000 {
				c.join("/admin")
				c.send("41/admin,")
			}
			c.wantWorks()
		}},
		{id: "E36c_behind_refused_connect", input: "events behind a CONNECT that middleware refuses", app: func(s *stage) {
			s.sio.Use(func(context.Context, *server.Socket) error { return &server.ConnectError{Message: "no"} })
			s.sio.OnConnect(func(*server.Socket) { s.Error("connected") })
		}, play: func(s *stage) {
			c := s.open()
			c.send("40", `420["a"]`, `451-["a",`+placeholder("0")+`]`, attachment("x"))
			c.want(`44{"message":"no"}`)
			c.wantWorks()
		}},
	})
}

// enters counts the sockets whose middleware is at work, and answers "busy" with that.
func enters(s *stage) {
	var busy atomic.Int32
	s.sio.Use(func(context.Context, *server.Socket) error {
		if busy.Add(1) > 1 {
			s.Error("two runs of the middleware at a time")
		}
		busy.Add(-1)
		return nil
	})
	s.sio.OnConnect(func(socket *server.Socket) {
		socket.On("busy", func(_ context.Context, m *event.Message) error { return m.Ack(busy.Load()) })
	})
}

// runs makes the middleware tell of each run, and wait to be admitted.
func runs(s *stage) {
	s.wishes, s.admit = make(chan string, 1000), make(chan struct{})
	s.sio.Use(func(ctx context.Context, socket *server.Socket) error {
		var auth struct{ As string }
		if err := socket.Handshake().DecodeAuth(&auth); err != nil {
			return err
		}
		s.wishes <- auth.As
		select {
		case <-s.admit:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.done:
			return nil
		}
	})
}
