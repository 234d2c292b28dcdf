package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// More than a server keeps for one who does not read by default: 1,024 packets.
func TestStormBeyondTheLimit(t *testing.T) {
	l := &load{Name: "storm", Kind: "storm", Conns: 4, Group: 4, InFlight: 32, Payload: 1024, Stalled: 2, Events: 2048, run: storm}
	results, err := runOne(t.Context(), l, ours, moment)
	require.NoError(t, err)
	require.Len(t, results, 1)
	require.Equal(t, 6, results[0].Connections)
	require.Positive(t, results[0].EventsPerSecond)
	require.Positive(t, results[0].Peak)
}
