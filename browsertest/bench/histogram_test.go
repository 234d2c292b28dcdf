package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBuckets(t *testing.T) {
	last := -1
	for v := time.Duration(0); v < 10*time.Minute; v += v/200 + 1 {
		b := bucket(v)
		require.GreaterOrEqual(t, b, last, "the order is kept")
		require.LessOrEqual(t, b, last+1, "no bucket is left out")
		last = b
		require.Greater(t, upper(b), v)
		require.LessOrEqual(t, float64(upper(b)), float64(v)*(1+1./64)+1)
	}
	require.Equal(t, bucketCount-1, bucket(24*time.Hour))
	require.Equal(t, 0, bucket(-time.Second))
}

func TestQuantile(t *testing.T) {
	var h histogram
	require.Zero(t, h.quantile(.5))
	for i := range 1000 {
		h.add(time.Duration(i+1) * time.Microsecond)
	}
	require.EqualValues(t, 1000, h.total())
	for q, want := range map[float64]time.Duration{
		0.001: time.Microsecond,
		0.5:   500 * time.Microsecond,
		0.99:  990 * time.Microsecond,
		0.999: 999 * time.Microsecond,
		1:     1000 * time.Microsecond,
	} {
		require.InEpsilon(t, want, h.quantile(q), 1./64, "quantile %v", q)
	}
}
