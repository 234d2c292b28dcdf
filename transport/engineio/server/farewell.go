//go:build !js

package engineserver

import (
	"sync"
	"time"

	"github.com/isosocket/isosocket/transport"
)

const (
	farewellTime = 30 * time.Second
	maxFarewells = 1000 // of about 200 bytes
)

// farewells are the last packets of sessions that have ended while no GET waited for
// one. The next GET is answered with it, so that the client learns how its session has
// ended instead of that it is unknown.
type farewells struct {
	mu    sync.Mutex
	bySID map[string]*farewell // guarded by mu
	order []*farewell          // oldest first; guarded by mu
}

// farewell is the answer to one GET.
type farewell struct {
	sid    string
	packet []transport.Message
	until  time.Time
	given  bool  // to the GET with this stamp, which gets it again when it is repeated
	stamp  stamp // 0 when nothing is known to be repeated
	varied bool  // a stamp tells something
}

// add makes f the answer to the next GET of its session, or to one that is repeated.
func (f *farewells) add(one *farewell) {
	now := time.Now()
	one.until = now.Add(farewellTime)
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.order) > 0 && (len(f.order) >= maxFarewells || now.After(f.order[0].until)) {
		delete(f.bySID, f.order[0].sid)
		f.order[0] = nil
		f.order = f.order[1:]
	}
	if f.bySID == nil {
		f.bySID = make(map[string]*farewell)
	}
	f.bySID[one.sid] = one
	f.order = append(f.order, one)
}

// take returns the answer for a GET, or nil.
func (f *farewells) take(sid string, t stamp) []transport.Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	one := f.bySID[sid]
	switch {
	case one == nil, time.Now().After(one.until):
		return nil
	case one.given && (t == 0 || t != one.stamp):
		return nil
	}
	one.given = true
	if one.varied {
		one.stamp = t
	}
	return one.packet
}
