package main

import (
	"errors"
	"sync/atomic"
)

// pending counts the deliveries under way. Whoever begins holds one of its own until
// it has sent all.
type pending struct {
	count atomic.Int64
	total atomic.Int64  // all that were added
	none  chan struct{} // closed when the count is back at 0
}

func newPending() *pending { return &pending{none: make(chan struct{})} }

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
