package main

import "context"

// storm broadcasts a number of events as fast as those who read receive them, to as
// many who do not read. It measures how much memory the server needs meanwhile.
func storm(ctx context.Context, l *load, s *process, _ durations) ([]Result, error) {
	c, err := gather(ctx, l, s)
	if err != nil {
		return nil, err
	}
	defer c.leave()
	rest, err := s.footprint(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.forgetPeak(); err != nil {
		return nil, err
	}
	spent, took, err := s.during(func() error {
		for range l.Events / l.InFlight {
			if err := c.round(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	peak, err := s.peak()
	if err != nil {
		return nil, err
	}
	unread, err := c.unread()
	if err != nil {
		return nil, err
	}
	if err := c.checkStalled(unread); err != nil {
		return nil, err
	}
	r := Result{
		Connections:     l.Conns + l.Stalled,
		Receivers:       l.Group,
		Payload:         l.Payload,
		EventsPerSecond: float64(c.delivered) / took.Seconds(),
		Peak:            float64(peak - rest.bytes),
	}
	r.setCost(spent, c.delivered)
	return []Result{r}, nil
}
