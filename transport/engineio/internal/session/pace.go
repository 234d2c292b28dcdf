package session

import "time"

// A peer is at work while at least this much moves: a thousand bytes a second, over a
// window of ten seconds or what has passed of it.
const (
	paceRate   = 1000 // bytes
	paceWindow = 10 * time.Second
)

// pace tells a peer that is slow, and not to be given up, from one that is gone.
type pace struct {
	from  time.Time
	moved int64 // bytes, until from
}

// begin counts from now on.
func (p *pace) begin(now time.Time, moved int64) { *p = pace{now, moved} }

// enough reports whether so much has moved that the peer is at work.
func (p *pace) enough(now time.Time, moved int64) bool {
	passed := min(now.Sub(p.from), paceWindow)
	return moved > p.moved && moved-p.moved >= int64(passed)*paceRate/int64(time.Second)
}
