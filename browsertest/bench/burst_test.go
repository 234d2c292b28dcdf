package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// A burst that does not arrive whole is a row that says so, and not the end of a run.
func TestBurstLost(t *testing.T) {
	withMirrors(t, once, func(t *testing.T, c *crowd) {
		c.load.Events, c.load.Group = 3, 2
		var r Result
		err := c.measureBursts(t.Context(), nil, moment, &r)
		require.ErrorContains(t, err, "only 1 events of a burst arrived: events lost: 5 of 6 missing")
		var lost *lostError
		require.ErrorAs(t, err, &lost)
		require.Equal(t, 1, lost.arrived)
		require.Equal(t, Result{}, r)
	})
}

// More events than were asked for are no loss.
func TestBurstTwice(t *testing.T) {
	withMirrors(t, func(int) int { return 2 }, func(t *testing.T, c *crowd) {
		c.load.Events = 1
		err := c.burst(t.Context())
		var lost *lostError
		require.Error(t, err)
		require.NotErrorAs(t, err, &lost)
	})
}

func TestBurstInterrupted(t *testing.T) {
	withMirrors(t, func(int) int { return 0 }, func(t *testing.T, c *crowd) {
		c.load.Events = 1
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, c.burst(ctx), context.Canceled)
	})
}

func TestClassifyPacket(t *testing.T) {
	for packet, want := range map[string]message{
		"bAAEC": delivered,
		`451-["blob",{"_placeholder":true,"num":0}]`: other,
		`42["echo"]`: delivered,
		"2":          ping,
		"":           other,
	} {
		require.Equal(t, want, classifyPacket([]byte(packet)), packet)
	}
}
