package socketio

import (
	"errors"
	"math"
	"time"
)

// backoff is the delay between attempts to reconnect.
// socket.io-client/lib/contrib/backo2.ts
type backoff struct {
	delay, max time.Duration
	jitter     float64 // 0 to 1
	attempts   int     // since the last success
}

// maxDoublings keeps the doubled delay within float64 long after it is over every
// maximum.
const maxDoublings = 62

// next counts an attempt and returns the delay before it. random is in [0, 1).
//
// "min(delay * 2^n ± random * jitter, max)", in whole milliseconds; the sign is
// taken from a digit of the same random number.
func (b *backoff) next(random float64) time.Duration {
	ms := float64(b.delay.Milliseconds()) * float64(uint64(1)<<min(b.attempts, maxDoublings))
	b.attempts++
	deviation := math.Floor(random * b.jitter * ms)
	if int(random*10)&1 == 0 {
		ms -= deviation
	} else {
		ms += deviation
	}
	return time.Duration(min(ms, float64(b.max.Milliseconds()))) * time.Millisecond
}

func (b *backoff) reset() { b.attempts = 0 }

// maxRetryAfter bounds for how long a server can send its clients away.
const maxRetryAfter = 5 * time.Minute

// retryAfter returns how long the server that answered with err wants to be left alone.
// The delay comes on top: chance still spreads the clients that were told the same.
func retryAfter(err error) time.Duration {
	if status, ok := errors.AsType[*StatusError](err); ok {
		return min(status.RetryAfter, maxRetryAfter)
	}
	return 0
}
