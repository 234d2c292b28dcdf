//go:build !js

package engineserver

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/isosocket/isosocket/transport/engineio"
)

// ErrScarce is the cause of a session's end by the server, because Options.SendBuffers
// was exceeded and the session took less than others.
var ErrScarce = errors.New("engineio: too much waits to be sent to all clients, and this one takes least")

const (
	// behind is how many bytes wait for a session whose client may be slow.
	behind = 64 << 10
	// lookTime is how long what a client takes is counted before it is compared.
	lookTime = 10 * time.Second
)

// shortage is when more waits to be sent than half of what may, on all sessions together.
// What their clients take is looked at from then on, so that it is known at the bound.
type shortage struct {
	mu     sync.Mutex
	looked time.Time // guarded by mu, as is the moved of each session
}

// relieve is called when that much waits. It ends sessions if that is beyond the bound.
func (s *Server) relieve() {
	if !s.shortage.mu.TryLock() {
		return // somebody does it, who may be a caller of this
	}
	defer s.shortage.mu.Unlock()
	now := time.Now()
	if since := now.Sub(s.shortage.looked); since >= lookTime {
		s.shortage.looked = now
		for _, one := range s.all() {
			moved := one.Moved()
			if since >= 2*lookTime { // the look before that tells nothing of now
				one.moved[0] = moved
			}
			one.moved[1], one.moved[0] = one.moved[0], moved
		}
	}
	if s.config.Budget.Over() > 0 {
		s.sacrifice()
	}
}

// waiting is a session that something waits for.
type waiting struct {
	*Session
	bytes int   // that wait
	taken int64 // bytes, lately
}

// sacrifice ends sessions until what waits for the others is within the bound: of those
// for whom much waits, who took least first, and then for whom most waits. One may stay, which
// Options.SendBuffer bounds.
func (s *Server) sacrifice() {
	var list []waiting
	for _, one := range s.all() {
		if bytes := one.held(); bytes > 0 {
			list = append(list, waiting{one, bytes, one.Moved() - one.moved[1]})
		}
	}
	slices.SortFunc(list, func(a, b waiting) int {
		switch slowA, slowB := a.bytes > behind, b.bytes > behind; {
		case slowA && slowB:
			return cmp.Or(cmp.Compare(a.taken, b.taken), cmp.Compare(b.bytes, a.bytes))
		case slowA:
			return -1
		case slowB:
			return 1
		}
		return cmp.Compare(b.bytes, a.bytes)
	})
	for i := 0; i < len(list)-1 && s.config.Budget.Over() > 0; i++ {
		list[i].Abort(engineio.TransportError, ErrScarce)
	}
}
