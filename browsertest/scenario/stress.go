package scenario

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// Stress opens count connections, width at a time, and returns what went wrong.
func Stress(ctx context.Context, url string, transports []string, count, width int) error {
	turns := make(chan struct{}, count)
	for range count {
		turns <- struct{}{}
	}
	close(turns)
	failures := make([][]error, width)
	var workers sync.WaitGroup
	for i := range width {
		workers.Go(func() {
			for range turns {
				if err := perform(ctx, url, transports, nil, exchange); err != nil {
					failures[i] = append(failures[i], err)
				}
			}
		})
	}
	workers.Wait()
	all := slices.Concat(failures...)
	if len(all) == 0 {
		return nil
	}
	return fmt.Errorf("scenario: %d of %d connections failed, the first with: %w", len(all), count, all[0])
}

// exchange is events from both sides at the moment of connection and across the
// upgrade: each side starts with a burst and sends one more for each that it
// gets, until the client has seen enough and says how many it sent. None may be
// lost, doubled or out of order.
func exchange(s *stage) {
	c := s.dial()
	socket := s.namespace(c, "/stress", nil)
	var (
		sent, got int
		stopping  bool
		disorder  string
	)
	stopped := make(chan Tally, 1)
	send := func() error {
		sent++
		return Tick.Emit(socket, NewBeat(sent-1))
	}
	Tick.On(socket, func(_ context.Context, b Beat) error {
		if disorder == "" {
			disorder = b.Check(got)
		}
		got++
		if stopping {
			return nil
		}
		if stopping = len(c.upgrades) > 0 && got >= 40; stopping {
			return Stop.Emit(socket, sent)
		}
		return send()
	})
	Stopped.On(socket, func(_ context.Context, t Tally) error {
		stopped <- t
		return nil
	})
	socket.OnConnect(func() {
		for range 20 {
			send()
		}
	})
	s.check(socket.Connect(s.ctx))
	tally := wait(s, stopped)
	s.equal("events at the server", tally.Disorder, "")
	s.equal("events at the client", disorder, "")
	s.equal("number of events at the client", got, tally.Sent)
}
