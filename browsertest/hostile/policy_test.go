package hostile

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
)

// prepared is what was encoded once, to be sent often.
type prepared string

func (c *session) prepare(packets ...string) prepared {
	if c.polled != nil {
		return prepared(strings.Join(packets, "\x1e"))
	}
	var b strings.Builder
	for _, p := range packets {
		b.WriteString(text(p))
	}
	return prepared(b.String())
}

func (c *session) sendPrepared(p prepared) {
	c.Helper()
	if c.polled != nil {
		c.quiet("POST", c.polled.query, string(p))
		return
	}
	c.frames.write(string(p))
}

// survives reports whether the session goes on once the server has read all that was sent.
func (c *session) survives() bool {
	c.Helper()
	const packet = "40/unknown,"
	if c.polled == nil {
		c.frames.write(text(packet))
		first, _, err := c.frames.tryRead()
		return err == nil && first == fin|opText
	}
	if c.quiet("POST", c.polled.query, packet).status != 200 {
		return false
	}
	a := c.polled.get()
	return a.status == 200 && strings.HasPrefix(a.body, "44")
}

// working makes "/" handle the event "work" until the row was played, and tells how many
// such handlers are at work.
func working(s *stage) {
	s.working = new(atomic.Int32)
	s.sio.OnConnect(func(socket *server.Socket) {
		socket.On("work", func(context.Context, *event.Message) error {
			s.working.Add(1)
			<-s.done
			return nil
		})
	})
}

const (
	padding = 250_000   // bytes of white space
	slack   = 1_000_000 // what connections, buffers and the test hold besides
)

var pad = strings.Repeat(" ", padding)

func TestMemory(t *testing.T) {
	const times = 12
	play(t, []*line{http1, h2c, socket}, []row{
		{id: "T1_padded_events", input: "12 events with 250 KB of white space, behind a handler that works", app: working, play: func(s *stage) {
			c := s.join()
			c.send(`42["work"]`)
			padded := c.prepare(`42["x"]` + pad)
			grown := held(func() {
				for range times {
					c.sendPrepared(padded)
				}
				require.True(s, c.survives())
			})
			runtime.KeepAlive(padded)
			s.say("not held")
			require.Less(s, grown, slack)
		}},
		{id: "T1b_padded_before_connected", input: "the same while middleware works", app: hold(nil), play: func(s *stage) {
			c := s.open()
			c.send(`40`)
			padded := c.prepare(`42["x"]` + pad)
			grown := held(func() {
				for range times {
					c.sendPrepared(padded)
				}
				require.True(s, c.survives())
			})
			runtime.KeepAlive(padded)
			s.say("not held")
			require.Less(s, grown, slack)
		}},
		{id: "T1c_event_in_padded_body", input: "12 bodies of one event and a packet of 250 KB", lines: []*line{http1, h2c}, app: working, play: func(s *stage) {
			c := s.join()
			c.send(`42["work"]`)
			padded := c.prepare(`42["x"]`, "6"+pad)
			grown := held(func() {
				for range times {
					c.sendPrepared(padded)
				}
				require.True(s, c.survives())
			})
			runtime.KeepAlive(padded)
			s.say("not held")
			require.Less(s, grown, slack)
		}},
		{id: "T1d_padded_auth", input: "12 clients whose auth payload has 250 KB of white space", play: func(s *stage) {
			var padded prepared
			grown := held(func() {
				for range times {
					c := s.open()
					if padded == "" {
						padded = c.prepare("40{}" + pad)
					}
					c.sendPrepared(padded)
					require.Contains(s, c.next(), `40{"sid"`)
				}
			})
			runtime.KeepAlive(padded)
			s.say("not held")
			require.Less(s, grown, slack+2*padding) // padded itself
		}},
		{id: "T2_many_headers", input: "handshakes with 5,000 header lines, ×10", lines: []*line{http1, h2c}, play: func(s *stage) {
			lines := make([]string, 5000)
			for i := range lines {
				lines[i] = fmt.Sprintf("X-%d: y", i)
			}
			grown := held(func() {
				for range 10 {
					e := s.begin("GET", pollingHandshake, 0, lines...)
					a := e.exchange.answer()
					require.Contains(s, []int{200, 431}, a.status)
					if a.status == 200 {
						s.adopt(a)
					}
					e.reset()
				}
			})
			runtime.KeepAlive(lines)
			s.say("not held")
			require.Less(s, grown, 10*64<<10)
		}},
		{id: "T3_many_arguments", input: "an event with 40,000 arguments, ×2, behind a handler that works", app: working, play: func(s *stage) {
			sent := 0
			var many prepared
			grown := held(func() {
				for range 2 { // each of which gets a second for its last answers
					c := s.join()
					c.send(`42["work"]`)
					if many == "" {
						many = c.prepare(`42["x"` + strings.Repeat(",1", 40_000) + `]`)
					}
					c.sendPrepared(many)
					sent += len(many)
					s.say("goes on: %v", c.survives())
				}
			})
			runtime.KeepAlive(many)
			require.Less(s, grown, 2*sent+slack)
		}},
		{id: "T3b_arguments_without_handler", input: "the same without a handler", app: func(*stage) {}, play: func(s *stage) {
			c := s.join()
			many := c.prepare(`42["x"` + strings.Repeat(",1", 40_000) + `]`)
			grown := held(func() {
				c.sendPrepared(many)
				s.say("goes on: %v", c.survives())
			})
			runtime.KeepAlive(many)
			require.Less(s, grown, slack)
		}},
		{id: "T4_rejoins_behind_handlers", input: `42["work"] 41 40 ×60 on one connection, handlers that do not return`, app: working, play: func(s *stage) {
			c := s.join()
			refused := false
			for i := range 60 {
				c.send(`42["work"]`, "41", "40")
				packet := c.next()
				if strings.HasPrefix(packet, "44{") {
					s.say("%s", packet)
					refused = true
					break
				}
				require.Contains(s, packet, `40{"sid"`, "%d", i)
			}
			require.True(s, refused)
			require.LessOrEqual(s, s.working.Load(), int32(17))
			c.wantWorks()
		}},
		{id: "T4b_honest_rejoin", input: "a rejoin beside one slow handler", app: working, play: func(s *stage) {
			c := s.join()
			c.send(`42["work"]`, "41", "40")
			require.Contains(s, c.next(), `40{"sid"`)
			c.wantWorks()
		}},
		{id: "S22b_attachments_budget", input: "attachments whose sum is unbounded: 10 of 100 KB, ×5 connections", lines: []*line{socket, h2c}, play: func(s *stage) {
			var sum int
			part := attachment(strings.Repeat("x", 100_000))
			grown := held(func() {
				for range 5 {
					c := s.join()
					c.send(`4510-["a",` + placeholder("0") + `]`)
					for range 9 {
						if c.polled != nil {
							if c.quiet("POST", c.polled.query, part).status != 200 {
								break
							}
						} else {
							c.send(part)
						}
						sum += 100_000
					}
				}
			})
			runtime.KeepAlive(part)
			s.say("no more than was sent")
			require.Less(s, grown, 2*sum+slack)
		}},
		{id: "one_large_message_then_idle", input: "one message of 250 KB, and then none, ×10", app: func(*stage) {}, play: func(s *stage) {
			var large prepared
			grown := held(func() {
				for range 10 {
					c := s.join()
					if large == "" {
						large = c.prepare(`42["x","` + strings.Repeat("x", padding) + `"]`)
					}
					c.sendPrepared(large)
					require.True(s, c.survives())
				}
			})
			runtime.KeepAlive(large)
			s.say("not held")
			require.Less(s, grown, slack+2*padding)
		}},
	})
}

// slowly is a connection that is read at so many bytes a second.
type slowly struct {
	*wire
	rate int
}

func (r slowly) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p[:min(len(p), 4096)])
	time.Sleep(time.Duration(n) * time.Second / time.Duration(r.rate))
	return n, err
}

// slow makes the wire be read slowly.
func (w *wire) slow(rate int) { w.reader = bufio.NewReaderSize(slowly{w, rate}, 4096) }

// trickle writes text in pieces of the size, with the pause between them, until it is
// all written or that fails.
func (w *wire) trickle(text string, size int, pause time.Duration) error {
	for ; text != ""; time.Sleep(pause) {
		n := min(size, len(text))
		if _, err := w.Conn.Write([]byte(text[:n])); err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}

// sends makes "/" answer "send" with an event of so many bytes, and "size" with how
// many its argument has.
func sends(size int) func(s *stage) {
	return func(s *stage) {
		s.sio.OnConnect(func(socket *server.Socket) {
			socket.On("send", func(context.Context, *event.Message) error {
				return socket.Emit("sent", strings.Repeat("x", size))
			})
			socket.On("size", func(_ context.Context, m *event.Message) error {
				var text string
				if err := m.Decode(&text); err != nil {
					return err
				}
				return m.Ack(len(text))
			})
		})
	}
}

func TestProgress(t *testing.T) {
	fake := []*line{http1, socket}
	// slowDown has a client read an event of the size at a rate.
	slowDown := func(size, rate int) func(s *stage) {
		return func(s *stage) {
			if s.line.websocket {
				f := s.webSocketQuietly().join()
				f.slow(rate)
				f.write(text(`42["send"]`))
				got := ""
				for len(got) < size {
					first, payload := f.read()
					require.Equal(s, byte(fin|opText), first, "%.40q", payload)
					if got = payload; got == "2" {
						f.write(text("3"))
					}
				}
				f.write(text("3")) // to a ping that may be behind it
				s.say("delivered")
				return
			}
			p := s.joined()
			p.post(`42["send"]`)
			w := s.wire()
			w.slow(rate)
			w.write(head("GET", endpoint+p.query))
			require.GreaterOrEqual(s, len(w.answer("GET").body), size)
			s.say("delivered")
			p.post("3")
		}
	}
	play(t, fake, []row{
		{id: "T9_900KB_at_50KBps", input: "900 KB to a client that reads 50 KB/s", fake: true, app: sends(900_000), play: slowDown(900_000, 50_000)},
		{id: "T9b_3MB_at_100KBps", input: "3 MB to one that reads 100 KB/s", fake: true, app: sends(3_000_000), options: &server.Options{SendBufferBytes: 64 << 20}, play: slowDown(3_000_000, 100_000)},
		{id: "T9c_upload_at_20KBps", input: "an event of 900 KB at 20 KB/s", fake: true, app: sends(0), play: func(s *stage) {
			large := `420["size","` + strings.Repeat("x", 900_000) + `"]`
			if s.line.websocket {
				f := s.webSocketQuietly().join()
				require.NoError(s, f.trickle(text(large), 4000, 200*time.Millisecond))
				for _, payload := f.read(); payload != `430[900000]`; _, payload = f.read() {
					require.Equal(s, "2", payload)
				}
			} else {
				p := s.joined()
				w := s.wire()
				w.write(head("POST", endpoint+p.query, fmt.Sprintf("Content-Length: %d", len(large))))
				require.NoError(s, w.trickle(large, 4000, 200*time.Millisecond))
				require.Equal(s, "ok", w.answer("POST").body)
				packet := p.next()
				for ; packet == "2"; packet = p.next() {
				}
				require.Equal(s, `430[900000]`, packet)
			}
			s.say("delivered")
		}},
		{id: "T9d_byte_in_nine_seconds_up", input: "a message of one byte every nine seconds", fake: true, play: func(s *stage) {
			begin := time.Now()
			large := `420["a","` + strings.Repeat("x", 900_000) + `"]`
			if s.line.websocket {
				f := s.webSocketQuietly().join()
				_ = f.trickle(text(large), 1, 9*time.Second)
			} else {
				p := s.joined()
				w := s.wire()
				w.write(head("POST", endpoint+p.query, fmt.Sprintf("Content-Length: %d", len(large))))
				_ = w.trickle(large, 1, 9*time.Second)
			}
			await(s, s.ended)
			require.Less(s, time.Since(begin), 2*time.Minute)
			s.say("ended")
		}},
		{id: "T9e_byte_in_nine_seconds_down", input: "a client that reads one byte every nine seconds", fake: true, app: sends(900_000), play: func(s *stage) {
			begin := time.Now()
			var w *wire
			if s.line.websocket {
				f := s.webSocketQuietly().join()
				f.write(text(`42["send"]`))
				w = f.wire
			} else {
				p := s.joined()
				p.post(`42["send"]`)
				w = s.wire()
				w.write(head("GET", endpoint+p.query))
			}
			for b := make([]byte, 1); s.sio.Stats().Connections > 0; time.Sleep(9 * time.Second) {
				if _, err := w.Conn.Read(b); err != nil {
					break
				}
			}
			await(s, s.ended)
			require.Less(s, time.Since(begin), 2*time.Minute)
			s.say("ended")
		}},
		{id: "BP1_reader_stopped", input: "8 MB to a reader that has stopped, 1 MiB of buffer", fake: true, options: &server.Options{SendBufferBytes: 1 << 20}, play: func(s *stage) {
			c := s.join()
			if s.line.websocket {
				c.frames.slow(1)
			}
			socket := s.sio.Sockets()[0]
			data := strings.Repeat("x", 1<<18)
			var full error
			grown := held(func() {
				for range 32 {
					if err := socket.Emit("a", data); err != nil {
						full = err
					}
				}
			})
			runtime.KeepAlive(data)
			require.ErrorIs(s, full, server.ErrBufferFull)
			require.Less(s, grown, 2*(1<<20)+slack)
			begin := time.Now()
			end := await(s, s.ended)
			require.Contains(s, []event.Reason{event.TransportError, event.PingTimeout}, end.reason)
			require.LessOrEqual(s, time.Since(begin), 45*time.Second)
			s.say("Emit fails, %s", end.reason)
		}},
	})
}

func TestPolicy(t *testing.T) {
	const secret = "dsn=db.internal"
	play(t, all, []row{
		{id: "T5_escaped_placeholder", input: `"\u005fplaceholder", "\u006eum" beside an attachment`, play: func(s *stage) {
			c := s.join()
			for _, object := range []string{`{"\u005fplaceholder":true,"num":0}`, `{"_placeholder":true,"\u006eum":0}`} {
				c.send(`451-0["a",`+object+`]`, attachment("x"))
				c.want(`461-0[`+placeholder("0")+`]`, attachment("x"))
			}
			c.wantWorks()
		}},
		{id: "T5b_lookalike_sent_on", input: "an object that looks like a placeholder, sent on beside binary", app: func(s *stage) {
			s.sio.OnConnect(func(socket *server.Socket) {
				socket.On("relay", func(_ context.Context, m *event.Message) error {
					var v any
					if err := m.Decode(&v); err != nil {
						return err
					}
					if err := s.sio.Emit("relayed", v, []byte("x")); err != nil {
						return socket.Emit("refused")
					}
					return nil
				})
			})
		}, play: func(s *stage) {
			third := s.join()
			c := s.join()
			for _, object := range []string{placeholder("7"), `{"\u005fplaceholder":true,"num":0}`, `{"deep":[` + placeholder("0") + `]}`} {
				c.send(`42["relay",` + object + `]`)
				c.want(`42["refused"]`)
			}
			third.wantWorks()
		}},
		{id: "T8_burst_of_events", input: "5,000 events, then 12 of 300 KB, from a handler to a peer that reads", app: func(s *stage) {
			s.sio.OnConnect(func(socket *server.Socket) {
				socket.On("go", func(context.Context, *event.Message) error {
					for i := range 5000 {
						if err := socket.Emit("e", i); err != nil {
							return err
						}
					}
					for range 12 {
						if err := socket.Emit("picture", make([]byte, 300_000)); err != nil {
							return err
						}
					}
					return nil
				})
			})
		}, play: func(s *stage) {
			c := s.join()
			c.send(`42["go"]`)
			for i := range 5000 {
				require.Equal(s, fmt.Sprintf(`42["e",%d]`, i), c.next())
			}
			for range 12 {
				require.Equal(s, `451-["picture",`+placeholder("0")+`]`, c.next())
				require.Len(s, c.next(), 400_001)
			}
			c.wantWorks()
			s.say("all delivered")
		}},
		{id: "T8b_burst_of_acks", input: "5,000 events that want an ack, in one write", play: func(s *stage) {
			c := s.join()
			events := make([]string, 5000)
			for i := range events {
				events[i] = fmt.Sprintf(`42%d["a"]`, i)
			}
			c.send(events...)
			for i := range events {
				require.Equal(s, fmt.Sprintf(`43%d[]`, i), c.next())
			}
			s.say("all answered")
		}},
		{id: "T14_violation_behind_events", input: `420["a",1] and 42{} in one write`, play: func(s *stage) {
			if c := s.join(); c.polled == nil {
				c.send(`420["a",1]`, `42{}`)
				c.want(`430[1]`)
				c.wantClosed(event.ForcedClose)
			} else {
				get := s.begin("GET", c.polled.query, 0)
				get.await()
				c.send(`420["a",1]`, `42{}`)
				require.Contains(s, get.answer().body, `430[1]`)
				require.Equal(s, "1", c.polled.get().body)
				s.wantEnd(event.ForcedClose)
			}
		}},
		{id: "T16_large_names_in_log", input: "an event name of 100 KB: does not decode, panics", app: func(s *stage) {
			s.sio.OnConnect(func(socket *server.Socket) {
				socket.OnAny(func(_ context.Context, m *event.Message) error {
					if m.Len() > 1 {
						panic("at " + m.Name())
					}
					var n int
					return m.Decode(&n)
				})
				socket.On("done", func(_ context.Context, m *event.Message) error { return m.Ack() })
			})
		}, play: func(s *stage) {
			name := strings.Repeat("n", 100_000)
			c := s.join()
			c.send(`42["` + name + `","x"]`)
			c.send(`42["` + name + `",1,2]`)
			c.send(`42["x",` + strings.Repeat("9", 100_000) + `]`)
			c.send(`420["done"]`)
			c.want(`430[]`)
			s.boundedLog()
		}},
		{id: "T16b_large_violations_in_log", input: "100 KB of namespace, of payload, of an unknown packet", play: func(s *stage) {
			large := strings.Repeat("n", 100_000)
			for _, packet := range []string{"42/" + large + `,["a"]`, `42["a",` + large, "4" + large, "42" + large, large} {
				c := s.join()
				c.send(packet)
				await(s, s.ended)
			}
			s.boundedLog()
		}},
		{id: "T17_internal_error", input: "middleware that refuses with an internal error, and with a wrapped ConnectError", app: func(s *stage) {
			s.sio.Use(func(_ context.Context, socket *server.Socket) error {
				var auth struct{ Known bool }
				if err := socket.Handshake().DecodeAuth(&auth); err != nil {
					return err
				}
				if auth.Known {
					return fmt.Errorf("%s: %w", secret, &server.ConnectError{Message: "no", Data: map[string]int{"code": 7}})
				}
				return fmt.Errorf("%s: %w", secret, errors.New("refused"))
			})
		}, play: func(s *stage) {
			c := s.open()
			c.send("40{}")
			refusal := c.next()
			s.say("%s", refusal)
			require.Contains(s, refusal, `44{"message":"`)
			require.NotContains(s, refusal, secret)
			require.NotContains(s, refusal, "refused")
			s.logged(secret)
			c.send(`40{"known":true}`)
			c.want(`44{"message":"no","data":{"code":7}}`)
		}},
		{id: "sid_stays_secret", input: "an invalid packet, with the log on", play: func(s *stage) {
			c := s.join()
			if c.polled == nil {
				return
			}
			require.NotEqual(s, c.polled.sid, s.sio.Sockets()[0].ID())
			require.Len(s, c.polled.sid, 20, "120 bits in base64")
			c.send("42{}")
			s.wantEnd(event.ForcedClose)
			require.NotContains(s, s.log.String(), c.polled.sid)
		}},
		{id: "sockets_come_and_go", input: "40 clients that join and are lost at once", play: func(s *stage) {
			var clients sync.WaitGroup
			for range 40 {
				clients.Go(func() {
					if !s.line.websocket {
						a := s.quiet("GET", pollingHandshake, "")
						if a.status == http.StatusOK {
							p := s.adopt(a)
							p.quiet("POST", p.query, "40\x1e1")
						}
						return
					}
					w := s.wire()
					w.write(head("GET", endpoint+webSocketHandshake, upgradeHeader...), text("40"))
					if _, err := w.tryAnswer("GET"); err == nil {
						w.reset()
					}
				})
			}
			clients.Wait()
			for range 40 {
				await(s, s.ended)
			}
			s.say("all ended")
		}},
	})
}

// boundedLog wants that no more than some hundred bytes of a client's text stand together.
func (s *stage) boundedLog() {
	s.Helper()
	for _, run := range []string{"n", "9"} {
		require.False(s, strings.Contains(s.log.String(), strings.Repeat(run, 1000)), "%d bytes of log", len(s.log.String()))
	}
	s.say("log lines are bounded")
}
