package server

// A socket that was closed lingers until its handlers have returned. Those of one client are
// few, see Options.MaxUnfinished, and what waits for them is no more than one
// inbox may hold.

// linger counts a closed socket. The events that wait for it are forgotten if it was never
// connected, or if they do not fit.
func (c *conn) linger(s *Socket, never bool) {
	c.unfinished.Add(1)
	size := s.inbox.Size()
	limit := c.server.options.InboxBytes
	c.mu.Lock()
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
	c.leftover -= s.leftover
	c.mu.Unlock()
	c.unfinished.Add(-1)
}
