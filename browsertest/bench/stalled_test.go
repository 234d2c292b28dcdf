package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckStalled(t *testing.T) {
	c := newCrowd(&load{Conns: 100, Group: 100, Payload: 1024}, new(tape))
	c.delivered = 300 * 100
	const broadcast = 300 * 1024
	require.NoError(t, c.checkStalled(nil))
	require.NoError(t, c.checkStalled([]unread{{bytes: 0}, {bytes: broadcast - late}}))
	for _, held := range []int64{broadcast - late + 1, broadcast} {
		err := c.checkStalled([]unread{{bytes: 0}, {bytes: held}})
		require.ErrorIs(t, err, errNotStalled)
		require.ErrorContains(t, err, "307200 were broadcast")
	}
}

// gatherCast connects a small crowd to our server.
func gatherCast(t *testing.T, stalled int) (*crowd, *process) {
	l := &load{Kind: "cast", Conns: 2, Group: 2, InFlight: 4, Payload: 1024, Stalled: stalled}
	s, err := start(t.Context(), ours, l.Kind)
	require.NoError(t, err)
	t.Cleanup(s.stop)
	c, err := gather(t.Context(), l, s)
	require.NoError(t, err)
	t.Cleanup(c.leave)
	return c, s
}

func TestStall(t *testing.T) {
	c, _ := gatherCast(t, 2)
	require.NoError(t, c.stall(t.Context()))
	require.NoError(t, c.checkStillStalled())
	require.Zero(t, c.delivered%8, "whole rounds of 4 events for 2")
	require.Positive(t, c.delivered)
}

func TestDisconnectedIsNotStalled(t *testing.T) {
	c, s := gatherCast(t, 1)
	require.NoError(t, c.stall(t.Context()))
	s.stop()
	require.ErrorIs(t, c.checkStillStalled(), errDisconnected)
}

// Buffers of the usual size hold what is broadcast in a moment.
func TestLargeBuffersAreNotStalled(t *testing.T) {
	c, s := gatherCast(t, 0)
	plain, err := dialSocket(t.Context(), s, 256)
	require.NoError(t, err)
	c.stalled = append(c.stalled, plain)
	for c.delivered*int64(c.load.Payload)/int64(c.load.Group) < 2*late {
		require.NoError(t, c.round(t.Context()))
	}
	require.ErrorIs(t, c.checkStillStalled(), errNotStalled)
}
