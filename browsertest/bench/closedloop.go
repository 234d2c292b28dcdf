package main

import (
	"context"
	"sync/atomic"
	"time"
)

// closedLoop keeps InFlight events under way, on each connection or on the one that
// sends for all: every event that has reached its whole group lets the next go.
type closedLoop struct {
	*pending
	crowd *crowd
	flows []flow
	over  atomic.Bool
}

// flow is the events of one sender.
type flow struct {
	sent     atomic.Int64 // number of the next event
	received atomic.Int64 // deliveries
}

// closedLoop runs for a while and returns how many events arrived, which are all
// that were sent.
func (c *crowd) closedLoop(ctx context.Context, d time.Duration) (received int64, err error) {
	loop := &closedLoop{pending: newPending(), crowd: c, flows: make([]flow, 1)}
	if c.load.Group == 1 {
		loop.flows = make([]flow, c.load.Conns)
	}
	c.enter(loop)
	loop.add(1)
	for i := range loop.flows {
		if err := loop.send(i, c.load.InFlight); err != nil {
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
	if err := loop.done(1); err != nil {
		return 0, err
	}
	if err := c.drain(ctx, loop.pending); err != nil {
		return 0, err
	}
	return loop.total.Load() - 1, nil
}

func (l *closedLoop) arrived(index, events int) error {
	if len(l.flows) == 1 {
		index = 0
	}
	group := int64(l.crowd.load.Group)
	now := l.flows[index].received.Add(int64(events))
	complete := now/group - (now-int64(events))/group
	if complete > 0 && !l.over.Load() {
		if err := l.send(index, int(complete)); err != nil {
			return err
		}
	}
	return l.done(events)
}

// send sends n events of a flow, on the connection of the same index.
func (l *closedLoop) send(flow, n int) error {
	l.add(n * l.crowd.load.Group)
	first := int(l.flows[flow].sent.Add(int64(n))) - n
	return l.crowd.tape.send(l.crowd.links[flow], first, n)
}
