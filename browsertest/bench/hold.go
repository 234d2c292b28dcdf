package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// holding is connections that are idle but for the heartbeat.
type holding struct {
	process *process
	before  footprint // of the server without connections
	links   []link
	readers sync.WaitGroup
	lost    atomic.Int64 // connections that the server closed
}

// hold opens connections and keeps them. At each step it measures what the server
// holds for one of them, and at last, for Again, what it costs that all are cut and
// come back. An event is a handshake.
func hold(ctx context.Context, l *load, s *process, _ durations) ([]Result, error) {
	h := &holding{process: s}
	defer h.cut()
	// What the first connections make a server allocate for good is not theirs.
	if err := h.open(ctx, min(100, l.Steps[0]), dialers, new(histogram)); err != nil {
		return nil, err
	}
	h.cut()
	var err error
	if h.before, err = s.footprint(ctx); err != nil {
		return nil, err
	}
	var results []Result
	for _, step := range l.Steps {
		r, err := h.step(ctx, step, l.InFlight)
		if err != nil {
			return nil, err
		}
		r.Load = thousands(float64(step)) + " " + l.Name
		results = append(results, r)
	}
	if l.Again {
		h.cut()
		r, err := h.step(ctx, l.Steps[len(l.Steps)-1], l.InFlight)
		if err != nil {
			return nil, fmt.Errorf("again: %w", err)
		}
		r.Load = results[len(results)-1].Load + ", again"
		results = append(results, r)
	}
	return results, nil
}

// step opens connections until there are so many, and measures that.
func (h *holding) step(ctx context.Context, connections, atATime int) (r Result, err error) {
	latency := new(histogram)
	more := connections - len(h.links)
	spent, took, err := h.process.during(func() error { return h.open(ctx, more, atATime, latency) })
	if err != nil {
		return r, err
	}
	now, err := h.process.footprint(ctx)
	if err != nil {
		return r, err
	}
	if n := h.lost.Load(); n > 0 {
		return r, fmt.Errorf("%d connections lost", n)
	}
	r = Result{
		Connections: connections,
		Handshakes:  float64(more) / took.Seconds(),
		Memory:      float64(now.bytes-h.before.bytes) / float64(connections),
		Goroutines:  float64(now.goroutines-h.before.goroutines) / float64(connections),
	}
	r.setCost(spent, int64(more))
	r.setLatency(latency)
	return r, nil
}

// open opens more connections, some at a time. All succeed, or there is an error.
func (h *holding) open(ctx context.Context, more, atATime int, latency *histogram) error {
	links, err := dialAll(ctx, more, atATime, func(ctx context.Context) (link, error) {
		began := time.Now()
		c, err := dialSocket(ctx, h.process, 256)
		latency.add(time.Since(began))
		return c, err
	})
	if err != nil {
		return fmt.Errorf("connection %d and on: %w", len(h.links), err)
	}
	h.links = append(h.links, links...)
	for _, link := range links {
		h.readers.Go(func() {
			for {
				if _, err := link.receive(); err != nil {
					h.lost.Add(1)
					return
				}
			}
		})
	}
	return nil
}

// cut closes all connections and waits for their readers.
func (h *holding) cut() {
	closeAll(h.links)
	h.readers.Wait()
	h.links = nil
	h.lost.Store(0)
}

// footprint is what a server holds at rest.
type footprint struct {
	bytes      int64
	goroutines int
}

func (s *process) footprint(ctx context.Context) (f footprint, err error) {
	if f.goroutines, err = s.settle(ctx); err != nil {
		return f, err
	}
	f.bytes, err = s.resident()
	return f, err
}
