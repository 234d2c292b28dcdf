package engine

import "time"

// Earliest returns the first of the times that are not zero.
func Earliest(times ...time.Time) (first time.Time) {
	for _, t := range times {
		if first.IsZero() || !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	return first
}

// Passed tells whether the time t has come. A zero time never does.
func Passed(t, now time.Time) bool { return !t.IsZero() && !now.Before(t) }
