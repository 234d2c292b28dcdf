package main

import (
	"errors"
	"sync/atomic"
)

// pending counts the deliveries under way. It holds one of its own until sent is
// called, so that there is no end before all are added.
type pending struct {
	count atomic.Int64
	total atomic.Int64  // all that were added
	none  chan struct{} // closed when the count is at 0
}

func newPending() *pending {
	p := &pending{none: make(chan struct{})}
	p.count.Store(1)
	return p
}

func (p *pending) add(n int) {
	p.count.Add(int64(n))
	p.total.Add(int64(n))
}

func (p *pending) done(n int) error {
	switch left := p.count.Add(-int64(n)); {
	case left < 0:
		return errors.New("more events arrived than were sent")
	case left == 0:
		close(p.none)
	}
	return nil
}

// sent is called once, behind the last add.
func (p *pending) sent() error { return p.done(1) }

// tally is a phase that only counts what arrives.
type tally struct{ *pending }

func (t tally) arrived(_, events int) error { return t.done(events) }
