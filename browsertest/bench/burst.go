package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// burstLoads returns the bursts, each on both transports.
func burstLoads() []load {
	var all []load
	for _, l := range []load{
		{Name: "burst of 5,000 × 100 B", Kind: "texts", Conns: 1, Payload: 100, Events: 5000},
		{Name: "burst of 12 × 300 KB binary", Kind: "blobs", Conns: 1, Payload: 300 << 10, Events: 12},
		{Name: "burst of 5,000 × 100 B to 36", Kind: "casts", Conns: 36, Payload: 100, Events: 5000},
	} {
		l.Group, l.InFlight, l.run = l.Conns, 1, burst
		polling := l
		polling.Name, polling.Polling = l.Name+", polling", true
		all = append(all, l, polling)
	}
	return all
}

// burst has the server emit Events at once, to the client that asks for them or to
// all, again and again: the next burst when the one before has arrived. Its latency is
// that of the last event. If any is lost, the result has how many arrived, and no cost.
func burst(ctx context.Context, l *load, s *process, d durations) ([]Result, error) {
	c, err := gather(ctx, l, s)
	if err != nil {
		return nil, err
	}
	defer c.leave()
	r := Result{Connections: l.Conns, Receivers: l.Group, Payload: l.Payload, Emitted: l.Events * l.Group}
	err = c.measureBursts(ctx, s, d, &r)
	if lost, ok := errors.AsType[*lostError](err); ok {
		fmt.Fprintln(os.Stderr, err)
		r.Delivered = lost.arrived
		return []Result{r}, nil
	}
	if err != nil {
		return nil, err
	}
	r.Delivered = r.Emitted
	return []Result{r}, nil
}

// measureBursts measures bursts one by one for their memory, and then in a row. It sets
// nothing of the result if it fails.
func (c *crowd) measureBursts(ctx context.Context, s *process, d durations, r *Result) error {
	// What the first ones make a server allocate for good is not theirs.
	if err := c.repeatBurst(ctx, d.warmUp, new(histogram)); err != nil {
		return err
	}
	peak, err := c.burstPeak(ctx, s)
	if err != nil {
		return err
	}
	before := c.delivered
	var latency histogram
	spent, took, err := s.during(func() error { return c.repeatBurst(ctx, d.closed, &latency) })
	if err != nil {
		return err
	}
	delivered := c.delivered - before
	r.Peak = peak
	r.PeakRatio = peak / float64(r.Emitted*r.Payload)
	r.EventsPerSecond = float64(delivered) / took.Seconds()
	r.setCost(spent, delivered)
	r.setLatency(&latency)
	return nil
}

// peakSamples is how many bursts are measured for their memory.
const peakSamples = 5

// burstPeak returns how many bytes more are resident during a burst than before it: the
// median of peakSamples.
func (c *crowd) burstPeak(ctx context.Context, s *process) (float64, error) {
	peaks := make([]float64, peakSamples)
	for i := range peaks {
		rest, err := s.footprint(ctx)
		if err != nil {
			return 0, err
		}
		if err := s.forgetPeak(); err != nil {
			return 0, err
		}
		if err := c.burst(ctx); err != nil {
			return 0, err
		}
		peak, err := s.peak()
		if err != nil {
			return 0, err
		}
		peaks[i] = float64(peak - rest.bytes)
	}
	return median(peaks), nil
}

// repeatBurst asks for one burst after the other for a while, for one at least.
func (c *crowd) repeatBurst(ctx context.Context, d time.Duration, latency *histogram) error {
	for end := time.Now().Add(d); ; {
		began := time.Now()
		if err := c.burst(ctx); err != nil {
			return err
		}
		latency.add(time.Since(began))
		if !time.Now().Before(end) {
			return nil
		}
	}
}

// burst asks for one, and waits until all of it has arrived.
func (c *crowd) burst(ctx context.Context) error {
	events := newPending()
	c.enter(tally{events})
	events.add(c.load.Events * c.load.Group)
	if err := c.tape.send(c.links[0], 0, 1); err != nil {
		return err
	}
	err := c.drain(ctx, events)
	if missing := int(events.count.Load()); err != nil && missing > 0 && ctx.Err() == nil {
		return &lostError{arrived: int(events.total.Load()) - missing, cause: err}
	}
	return err
}

// lostError tells how much of a burst arrived before the connection failed or patience ended.
type lostError struct {
	arrived int
	cause   error
}

func (e *lostError) Error() string {
	return fmt.Sprintf("only %d events of a burst arrived: %v", e.arrived, e.cause)
}

func (e *lostError) Unwrap() error { return e.cause }
