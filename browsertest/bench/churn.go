package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// churn connects and disconnects, InFlight clients at a time. Here an event is a
// handshake, and latency is what one takes.
func churn(ctx context.Context, l *load, s *process, d durations) ([]Result, error) {
	var latency histogram
	if err := connectRepeatedly(ctx, s, l.InFlight, d.warmUp, new(histogram)); err != nil {
		return nil, fmt.Errorf("warm up: %w", err)
	}
	spent, took, err := s.during(func() error {
		return connectRepeatedly(ctx, s, l.InFlight, d.closed+d.open, &latency)
	})
	if err != nil {
		return nil, err
	}
	r := Result{Handshakes: float64(latency.total()) / took.Seconds()}
	r.setCost(spent, latency.total())
	r.setLatency(&latency)
	return []Result{r}, nil
}

func connectRepeatedly(ctx context.Context, s *process, clients int, d time.Duration, latency *histogram) error {
	end := time.Now().Add(d)
	errs := make([]error, clients)
	var running sync.WaitGroup
	for i := range clients {
		running.Go(func() {
			for first := true; errs[i] == nil && (first || time.Now().Before(end)); first = false {
				began := time.Now()
				var c *socket
				if c, errs[i] = dialSocket(ctx, s, 1024); errs[i] == nil {
					latency.add(time.Since(began))
					c.close()
				}
			}
		})
	}
	running.Wait()
	return errors.Join(errs...)
}
