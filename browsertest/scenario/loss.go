package scenario

import (
	"context"
	"errors"
	"fmt"
)

// Recover loses its connection and has its state restored, with the event that it
// missed. The server must have connection state recovery.
// https://socket.io/docs/v4/connection-state-recovery
func Recover(ctx context.Context, url string, transports []string) error {
	return perform(ctx, url, transports, nil, func(s *stage) {
		c := s.open()
		id := c.ID()
		heard := make(chan string, 8)
		Shouted.On(c, func(_ context.Context, text string) error {
			heard <- text
			return nil
		})
		_, err := Enter.Request(s.ctx, c, "the room")
		s.check(err)
		s.check(Shout.Emit(c, Saying{Room: "the room", Text: "before"}))
		s.equal("what it heard", wait(s, heard), "before")
		back := c.back()
		s.check(Drop.Emit(c, "the room"))
		wait(s, back)
		s.is(c.Recovered(), "the session is recovered")
		s.equal("the id", c.ID(), id)
		s.equal("what it missed", wait(s, heard), "missed")
		s.is(len(heard) == 0, "it heard everything once")
	})
}

// Outlast is connected to a server that freezes: it notices by the heartbeat, and
// connects again when the server is well. freeze and thaw do that to it.
func Outlast(ctx context.Context, url string, transports []string, freeze, thaw func()) error {
	return perform(ctx, url, transports, nil, func(s *stage) {
		c := s.open()
		s.echoes(c, "before")
		gone, back := c.gone(), c.back()
		freeze()
		s.equal("the reason", wait(s, gone), "ping timeout")
		s.is(c.Active(), "the connection is tried again")
		thaw()
		wait(s, back)
		s.echoes(c, "after")
	})
}

// Weather is connected over a network that breaks its connections all the time,
// until it has been connected so many times. What it sends may get lost with a
// connection, and comes in order and once otherwise.
//
// Unless resent: a browser makes a request again, of its own accord, whose
// connection broke before the answer. A POST may then be received twice, by any
// Socket.IO server.
func Weather(ctx context.Context, url string, transports []string, connections int, resent bool) error {
	return perform(ctx, url, transports, nil, func(s *stage) {
		c := s.dial()
		enough := make(chan struct{})
		disorder := make(chan string, 1)
		sent, last, connected := 0, -1, 0
		send := func() error {
			sent++
			return Tick.Emit(c, NewBeat(sent-1))
		}
		Tick.On(c, func(_ context.Context, b Beat) error {
			if b.N <= last && !resent || b.Check(b.N) != "" {
				select {
				case disorder <- fmt.Sprintf("%d with %d bytes after %d", b.N, len(b.Data), last):
				default: // the first will do
				}
			}
			last = b.N
			return send()
		})
		c.OnConnect(func() {
			connected++
			if connected == connections {
				close(enough)
			}
			for range 5 {
				send()
			}
		})
		s.check(c.Connect(s.ctx))
		wait(s, enough)
		select {
		case what := <-disorder:
			s.check(errors.New("scenario: out of order: " + what))
		default:
		}
	})
}
