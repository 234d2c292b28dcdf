package server

import "time"

// A socket that was closed lingers until its handlers have returned, those of the events
// among them that came before its end. Those of one client are few, see
// Options.MaxUnfinished, so that what waits for them is bounded.

// linger counts a closed socket. The events that wait for one that was never connected
// are forgotten.
func (c *conn) linger(s *Socket, never bool) {
	c.mu.Lock()
	c.unfinished++
	c.mu.Unlock()
	if never {
		s.inbox.Drop()
	}
}

// finished says that nothing of a closed socket runs any more.
func (c *conn) finished() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unfinished--
	if c.finish != nil {
		close(c.finish)
		c.finish = nil
	}
}

// crowdPatience is how long one of too many unfinished sockets may take: a client that
// comes and goes faster than its sockets are done with has no slow handlers.
const crowdPatience = time.Second

// crowded reports whether there are too many unfinished sockets. It waits for one of them
// to finish, once for as long as there are.
func (c *conn) crowded() bool {
	var patience <-chan time.Time // begins with the waiting, which nearly no CONNECT has to do
	for late := false; ; {
		c.mu.Lock()
		if c.unfinished < c.server.options.MaxUnfinished {
			c.stuck = false
			c.mu.Unlock()
			return false
		}
		c.stuck = c.stuck || late
		if c.stuck {
			c.mu.Unlock()
			return true
		}
		if c.finish == nil {
			c.finish = make(chan struct{})
		}
		finish := c.finish
		c.mu.Unlock()
		if patience == nil {
			patience = time.After(crowdPatience)
		}
		c.session.Hold(func() {
			select {
			case <-finish:
			case <-patience:
				late = true
			}
		})
	}
}
