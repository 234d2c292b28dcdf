package scenario

import (
	"context"
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
