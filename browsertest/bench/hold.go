package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// hold opens connections and keeps them, idle but for the heartbeat. At each step
// it measures what the server holds for one of them. An event is a handshake.
func hold(ctx context.Context, l *load, s *process, d durations) ([]Result, error) {
	latency := new(histogram) // of the handshakes of a step
	dial := func(ctx context.Context) (link, error) {
		began := time.Now()
		c, err := dialSocket(ctx, s, 256)
		latency.add(time.Since(began))
		return c, err
	}
	// What the first connections make a server allocate for good is not theirs.
	first, err := dialAll(ctx, min(100, l.Steps[0]), dialers, dial)
	if err != nil {
		return nil, err
	}
	closeAll(first)
	before, err := s.footprint(ctx)
	if err != nil {
		return nil, err
	}

	var (
		links   []link
		results []Result
		lost    atomic.Int64
		readers sync.WaitGroup
	)
	defer func() {
		closeAll(links)
		readers.Wait()
	}()
	for _, step := range l.Steps {
		latency = new(histogram)
		began := time.Now()
		started, err := s.usage()
		if err != nil {
			return nil, err
		}
		more, err := dialAll(ctx, step-len(links), l.InFlight, dial)
		if err != nil {
			return nil, fmt.Errorf("connection %d and on: %w", len(links), err)
		}
		took := time.Since(began)
		opened, err := s.usage()
		if err != nil {
			return nil, err
		}
		links = append(links, more...)
		for _, link := range more {
			readers.Go(func() {
				for {
					if _, err := link.receive(); err != nil {
						lost.Add(1)
						return
					}
				}
			})
		}
		now, err := s.footprint(ctx)
		if err != nil {
			return nil, err
		}
		r := Result{
			Load:        fmt.Sprintf("%s %s", thousands(float64(step)), l.Name),
			Connections: step,
			Handshakes:  float64(len(more)) / took.Seconds(),
			Memory:      float64(now.bytes-before.bytes) / float64(step),
			Goroutines:  float64(now.goroutines-before.goroutines) / float64(step),
		}
		r.setCost(opened.since(started), int64(len(more)))
		r.setLatency(latency)
		results = append(results, r)
	}
	if n := lost.Load(); n > 0 {
		return nil, fmt.Errorf("%d connections lost", n)
	}
	return results, nil
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
