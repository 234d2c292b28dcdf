package main

import (
	"context"
	"sync/atomic"
	"time"
)

// closedLoop keeps InFlight events under way, on each connection or on the one that
// sends for all: an event that has reached the first connection of its group lets
// the next go.
type closedLoop struct {
	*pending
	crowd *crowd
	sent  []atomic.Int64 // by each sender
	over  atomic.Bool
}

// closedLoop runs for a while and returns how many events arrived, which are all
// that were sent.
func (c *crowd) closedLoop(ctx context.Context, d time.Duration) (received int64, err error) {
	loop := &closedLoop{pending: newPending(), crowd: c, sent: make([]atomic.Int64, c.load.senders())}
	c.enter(loop)
	for sender := range loop.sent {
		if err := loop.send(sender, c.load.InFlight); err != nil {
			return 0, err
		}
	}
	end := time.NewTimer(d)
	defer end.Stop()
	select {
	case <-end.C:
	case <-ctx.Done():
	}
	loop.over.Store(true)
	if err := c.drain(ctx, loop.pending); err != nil {
		return 0, err
	}
	return loop.total.Load(), nil
}

func (l *closedLoop) arrived(index, events int) error {
	if index%l.crowd.load.Group == 0 && !l.over.Load() {
		if err := l.send(index%len(l.sent), events); err != nil {
			return err
		}
	}
	return l.done(events)
}

// send sends n events on the connection of that index.
func (l *closedLoop) send(sender, n int) error {
	l.add(n * l.crowd.load.Group)
	first := int(l.sent[sender].Add(int64(n))) - n
	return l.crowd.tape.send(l.crowd.links[sender], first, n)
}
