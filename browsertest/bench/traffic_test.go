package main

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// mirror is a link whose other end answers event number n with answers(n) events,
// 10 ms later.
type mirror struct {
	answers func(number int) int
	number  int
	back    chan int
}

const mirrorDelay = 10 * time.Millisecond

func (m *mirror) send(packets []byte) error {
	for range packets {
		m.number++
		m.back <- m.answers(m.number)
	}
	return nil
}

func (m *mirror) receive() (int, error) {
	events, open := <-m.back
	if !open {
		return 0, io.EOF
	}
	time.Sleep(mirrorDelay)
	return events, nil
}

func (m *mirror) close() { close(m.back) }

// withMirrors calls fn on fake time with a crowd of two echoing connections.
func withMirrors(t *testing.T, answers func(number int) int, fn func(t *testing.T, c *crowd)) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(&load{Conns: 2, Group: 1, InFlight: 1, Rate: 50}, new(tape))
		c.sleepUntil = func(t time.Time) { time.Sleep(time.Until(t)) }
		c.tape.add([]byte("e"))
		for range 2 {
			c.links = append(c.links, &mirror{answers: answers, back: make(chan int, 1000)})
		}
		c.listen()
		defer c.leave()
		fn(t, c)
	})
}

func once(int) int { return 1 }

func TestClosedLoop(t *testing.T) {
	withMirrors(t, once, func(t *testing.T, c *crowd) {
		received, err := c.closedLoop(t.Context(), time.Second-time.Millisecond)
		require.NoError(t, err)
		require.EqualValues(t, 2*int(time.Second/mirrorDelay), received, "each connection has one event under way")
	})
}

func TestOpenLoop(t *testing.T) {
	withMirrors(t, once, func(t *testing.T, c *crowd) {
		latency, err := c.openLoop(t.Context(), time.Second)
		require.NoError(t, err)
		require.EqualValues(t, 50, latency.total())
		require.InEpsilon(t, mirrorDelay, latency.quantile(.5), 1./64)
		require.InEpsilon(t, mirrorDelay, latency.quantile(1), 1./64)
	})
}

func TestLostEvent(t *testing.T) {
	loseFifth := func(number int) int {
		if number == 5 {
			return 0
		}
		return 1
	}
	withMirrors(t, loseFifth, func(t *testing.T, c *crowd) {
		_, err := c.openLoop(t.Context(), time.Second)
		require.ErrorContains(t, err, "events lost: 2 of 50 missing")
	})
	withMirrors(t, loseFifth, func(t *testing.T, c *crowd) {
		_, err := c.closedLoop(t.Context(), time.Second)
		require.ErrorContains(t, err, "events lost: 2 of")
	})
}

func TestEventTwice(t *testing.T) {
	withMirrors(t, func(int) int { return 2 }, func(t *testing.T, c *crowd) {
		_, err := c.openLoop(t.Context(), time.Second)
		require.Error(t, err)
	})
}
