package socketio

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The delays are those that socket.io-client/lib/contrib/backo2.ts gives for the
// same random numbers.
func TestBackoff(t *testing.T) {
	for _, test := range []struct {
		delay, max int
		jitter     float64
		random     []float64
		want       []int
	}{
		{1000, 5000, 0, []float64{0.5, 0.5, 0.5, 0.5, 0.5}, []int{1000, 2000, 4000, 5000, 5000}},
		{1000, 5000, 0.5, []float64{0, 0.1, 0.25, 0.3, 0.99}, []int{1000, 2100, 3500, 5000, 5000}},
		{1000, 5000, 0.5, []float64{0.99, 0.99, 0.99}, []int{1495, 2990, 5000}},
		{1000, 5000, 0.5, []float64{0.81, 0.62, 0.43, 0.24}, []int{595, 1380, 3140, 5000}},
		{333, 10000, 0.3, []float64{0.12345, 0.98765, 0.5555, 0.777, 0.1, 0.2}, []int{345, 863, 1553, 3284, 5487, 10000}},
		{1, 100000, 1, []float64{0.999, 0.888, 0.777, 0.666, 0.555, 0.444, 0.333}, []int{1, 1, 7, 3, 24, 18, 85}},
		{10000, 5000, 0.5, []float64{0.2, 0.3, 0.9}, []int{5000, 5000, 5000}},
	} {
		b := backoff{
			delay:  time.Duration(test.delay) * time.Millisecond,
			max:    time.Duration(test.max) * time.Millisecond,
			jitter: test.jitter,
		}
		for i, random := range test.random {
			require.Equal(t, time.Duration(test.want[i])*time.Millisecond, b.next(random), "attempt %d of %v", i, test)
			require.Equal(t, i+1, b.attempts)
		}
		b.reset()
		require.Equal(t, time.Duration(test.want[0])*time.Millisecond, b.next(test.random[0]))
	}
}

func TestBackoffForEver(t *testing.T) {
	b := defaults(t, nil).backoff()
	for range 5000 {
		d := b.next(0.99)
		require.Positive(t, d)
		require.LessOrEqual(t, d, 5*time.Second)
	}
	require.Equal(t, 5*time.Second, b.next(0.5))
}

func TestBackoffOptions(t *testing.T) {
	require.Equal(t, backoff{delay: time.Second, max: 5 * time.Second, jitter: 0.5}, defaults(t, nil).backoff())
	require.Equal(t, backoff{delay: time.Minute, max: time.Hour}, defaults(t, &Options{
		ReconnectionDelay: time.Minute, ReconnectionDelayMax: time.Hour, RandomizationFactor: -1,
	}).backoff())
}
