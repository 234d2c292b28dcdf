package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// moment is enough for every load to send and receive something.
var moment = durations{warmUp: time.Millisecond, closed: 10 * time.Millisecond, open: 10 * time.Millisecond}

// Every load runs against our server and the limit, and fails if an event is lost
// or comes twice.
func TestLoads(t *testing.T) {
	for _, l := range loads() {
		l = l.small()
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel() // nothing is measured here
			for _, name := range []string{ours, limit} {
				if name == limit && !l.RawToo {
					continue
				}
				results, err := runOne(t.Context(), &l, name, moment)
				require.NoError(t, err, name)
				want := max(1, len(l.Steps))
				if l.Again {
					want++
				}
				require.Len(t, results, want)
				for _, r := range results {
					require.Equal(t, name, r.Server)
					require.Contains(t, r.Load, l.Name)
					require.Positive(t, r.EventsPerSecond+r.Handshakes)
					require.Positive(t, r.Writes)
					require.Equal(t, r.Emitted, r.Delivered)
					if l.Events > 0 {
						require.Positive(t, r.Peak)
					}
					if l.Kind == "storm" {
						continue // it has no latency
					}
					require.Positive(t, r.P50)
					require.GreaterOrEqual(t, r.P99, r.P50)
					require.GreaterOrEqual(t, r.P999, r.P99)
				}
			}
		})
	}
}

func TestLoadsAreConsistent(t *testing.T) {
	names := make(map[string]bool)
	for _, l := range loads() {
		for _, l := range []load{l, l.small()} {
			if l.Conns > 0 {
				require.Zero(t, l.Conns%l.Group, l.Name)
				require.Zero(t, l.Rooms%l.groups(), l.Name)
			}
		}
		if l.Events > 0 {
			require.Zero(t, l.Events%l.InFlight, l.Name)
		}
		require.False(t, names[l.Name], "%s comes twice", l.Name)
		names[l.Name] = true
	}
}

func TestTapeGoesRound(t *testing.T) {
	tape := new(tape)
	for _, event := range []string{"a", "bc", "d"} {
		tape.add([]byte(event))
	}
	for number, want := range []string{"abcdabcd", "bcdabcda", "dabcdabc", "abcdabcd"} {
		var got recorder
		require.NoError(t, tape.send(&got, number, 6))
		require.Equal(t, want, got.String())
	}
}

// recorder is a link that keeps what is sent.
type recorder struct {
	strings.Builder
	closed bool
}

func (r *recorder) send(packets []byte) error { _, err := r.Write(packets); return err }
func (r *recorder) receive() (int, error)     { return 0, context.Canceled }
func (r *recorder) close()                    { r.closed = true }
