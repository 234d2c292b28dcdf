package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// crowd is the clients of a load of events. Each has a goroutine that reads, and
// passes what arrives to the phase at work.
type crowd struct {
	load      *load
	tape      *tape
	links     []link
	stalled   []*socket // get the broadcasts and are not read
	phase     atomic.Pointer[phase]
	delivered int64      // events, in all phases that are over
	failed    chan error // holds the first error of a reader
	readers   sync.WaitGroup

	sleepUntil func(t time.Time) // tests have fake time
}

// phase is what the crowd is doing.
type phase interface {
	// arrived is called by the reader of the connection of that index with each
	// handful of events.
	arrived(index, events int) error
}

// traffic measures a load of events: capacity in a closed loop, where every event
// that arrives lets the next go, then latency in an open one.
func traffic(ctx context.Context, l *load, s *process, d durations) ([]Result, error) {
	c, err := gather(ctx, l, s)
	if err != nil {
		return nil, err
	}
	defer c.leave()
	if l.Rooms > 0 {
		if err := c.join(ctx); err != nil {
			return nil, fmt.Errorf("join rooms: %w", err)
		}
	}
	if err := c.stall(ctx); err != nil {
		return nil, fmt.Errorf("stall: %w", err)
	}
	if _, err := c.closedLoop(ctx, d.warmUp); err != nil {
		return nil, fmt.Errorf("warm up: %w", err)
	}
	var received int64
	spent, took, err := s.during(func() (err error) {
		received, err = c.closedLoop(ctx, d.closed)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("closed loop: %w", err)
	}
	latency, err := c.openLoop(ctx, d.open)
	if err != nil {
		return nil, fmt.Errorf("open loop: %w", err)
	}
	if err := c.checkStillStalled(); err != nil {
		return nil, err
	}
	r := Result{
		Connections:     l.Conns,
		Receivers:       l.Group,
		Payload:         l.Payload,
		EventsPerSecond: float64(received) / took.Seconds(),
	}
	r.setCost(spent, received)
	r.setLatency(latency)
	return []Result{r}, nil
}

// gather connects the crowd.
func gather(ctx context.Context, l *load, s *process) (*crowd, error) {
	c := newCrowd(l, l.tape(s))
	var err error
	c.links, err = dialAll(ctx, l.Conns, dialers, func(ctx context.Context) (link, error) {
		if l.Polling {
			return dialPoller(ctx, s)
		}
		return dialSocket(ctx, s, min(4096+l.Payload, 64<<10))
	})
	for err == nil && len(c.stalled) < l.Stalled {
		err = c.addStalled(ctx, s)
	}
	if err != nil {
		c.leave()
		return nil, err
	}
	c.listen()
	return c, nil
}

func newCrowd(l *load, t *tape) *crowd {
	c := &crowd{load: l, tape: t, failed: make(chan error, 1), sleepUntil: sleepUntil}
	c.enter(idle{})
	return c
}

// listen starts the readers.
func (c *crowd) listen() {
	for i := range c.links {
		c.readers.Go(func() { c.read(i) })
	}
}

// leave disconnects the crowd and waits for its goroutines.
func (c *crowd) leave() {
	c.fail(errors.New("left")) // nobody looks at what closing makes of the readers
	closeAll(c.links)
	for _, s := range c.stalled {
		s.conn.Close()
	}
	c.readers.Wait()
}

func (c *crowd) fail(err error) {
	select {
	case c.failed <- err:
	default: // there was one before
	}
}

func (c *crowd) read(index int) {
	for {
		events, err := c.links[index].receive()
		if err == nil && events > 0 {
			err = (*c.phase.Load()).arrived(index, events)
		}
		if err != nil {
			c.fail(fmt.Errorf("connection %d: %w", index, err))
			return
		}
	}
}

func (c *crowd) enter(p phase) { c.phase.Store(&p) }

// idle is no phase: all that was sent has arrived.
type idle struct{}

func (idle) arrived(_, events int) error { return fmt.Errorf("%d events that nobody sent", events) }

// groups returns how many there are.
func (l *load) groups() int { return l.Conns / l.Group }

// senders returns how many connections send.
func (l *load) senders() int {
	if l.Group == 1 {
		return l.Conns
	}
	return 1
}

// patience is how long the last events may take to arrive before they count as lost.
const patience = 30 * time.Second

// drain waits until all that the phase has sent has arrived.
func (c *crowd) drain(ctx context.Context, pending *pending) error {
	if err := pending.sent(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("events lost"))
	defer cancel()
	select {
	case <-pending.none:
		c.enter(idle{})
		select {
		case err := <-c.failed:
			return err
		default:
			c.delivered += pending.total.Load()
			return nil
		}
	case err := <-c.failed:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: %d of %d missing", context.Cause(ctx), pending.count.Load(), pending.total.Load())
	}
}
