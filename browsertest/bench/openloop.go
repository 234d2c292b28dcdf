package main

import (
	"context"
	"time"
)

// openLoop sends events at a fixed rate, whatever the server does. Latency counts
// from the time an event was due, not from when it was sent: a server that stalls
// delays all that is due meanwhile, and the figures say so.
type openLoop struct {
	*pending
	load     *load
	start    time.Time
	interval time.Duration
	seen     []int // events that arrived on each connection; its reader's own
	latency  histogram
}

// openLoop runs for a while and returns the latencies.
func (c *crowd) openLoop(ctx context.Context, d time.Duration) (*histogram, error) {
	loop := &openLoop{
		pending:  newPending(),
		load:     c.load,
		interval: time.Second / time.Duration(c.load.Rate),
		seen:     make([]int, c.load.Conns),
		start:    time.Now().Add(10 * time.Millisecond),
	}
	c.enter(loop)
	// Every group gets as many events as the others, at least one.
	events := max(1, int(d/loop.interval)/c.load.groups()) * c.load.groups()
	for e := range events {
		c.sleepUntil(loop.due(e))
		if ctx.Err() != nil {
			break
		}
		loop.add(c.load.Group)
		if err := c.tape.send(c.links[e%c.load.senders()], e, 1); err != nil {
			return nil, err
		}
	}
	return &loop.latency, c.drain(ctx, loop.pending)
}

// due returns when event e is to be sent.
func (l *openLoop) due(e int) time.Time { return l.start.Add(time.Duration(e) * l.interval) }

// arrived finds out which events these are by their order: a connection gets every
// event of its group.
func (l *openLoop) arrived(index, events int) error {
	now := time.Now()
	for range events {
		e := index/l.load.Group + l.seen[index]*l.load.groups()
		l.seen[index]++
		l.latency.add(now.Sub(l.due(e)))
	}
	return l.done(events)
}
