package main

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// histogram counts durations in buckets of 1/64 of their size, from 1 ns to 10
// minutes. Its methods may be called concurrently.
type histogram struct {
	counts [bucketCount]atomic.Int64
}

const (
	precision   = 6  // bits: 64 buckets for each power of two
	maxBits     = 40 // of a duration; longer ones count as the longest
	bucketCount = (maxBits - precision + 1) << precision
)

func (h *histogram) add(d time.Duration) { h.counts[bucket(d)].Add(1) }

// bucket returns the index for a duration: itself below 64 ns; from there on the
// power of two and the 6 bits after the leading one.
func bucket(d time.Duration) int {
	v := uint64(max(d, 0))
	shift := max(bits.Len64(v)-precision-1, 0)
	return min(shift<<precision+int(v>>shift), bucketCount-1)
}

// upper returns the first duration above the bucket.
func upper(index int) time.Duration {
	shift := max(index>>precision-1, 0)
	return time.Duration(index-shift<<precision+1) << shift
}

// total returns how many durations were added.
func (h *histogram) total() (n int64) {
	for i := range h.counts {
		n += h.counts[i].Load()
	}
	return n
}

// quantile returns a bound that the share q (0 to 1) of the durations is below, 0 without any.
func (h *histogram) quantile(q float64) time.Duration {
	rank := int64(math.Ceil(q * float64(h.total())))
	for i := range h.counts {
		if rank -= h.counts[i].Load(); rank <= 0 && h.counts[i].Load() > 0 {
			return upper(i)
		}
	}
	return 0
}
