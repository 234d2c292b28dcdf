package server

import "time"

// A socket that was closed lingers until its handlers have returned. Those of one client are
// few, see Options.MaxUnfinished, and what waits for them is no more than one
// inbox may hold.

// linger counts a closed socket. The events that wait for it are forgotten if it was never
// connected, or if they do not fit.
func (c *conn) linger(s *Socket, never bool) {
	size := s.inbox.Size()
	limit := c.server.options.InboxBytes
	c.mu.Lock()
	c.unfinished++
	drop := never || c.leftover > 0 && c.leftover+size > limit
	if !drop {
		c.leftover += size
		s.leftover = size
	}
	c.mu.Unlock()
	if !drop {
		return
	}
	if dropped := s.inbox.Drop(); dropped > 0 && !never {
		c.server.logDropped(s, dropped)
	}
}

// finished says that nothing of a closed socket runs any more.
func (c *conn) finished(s *Socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leftover -= s.leftover
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
	timer := time.NewTimer(crowdPatience)
	defer timer.Stop()
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
		c.session.Hold(func() {
			select {
			case <-finish:
			case <-timer.C:
				late = true
			}
		})
	}
}
