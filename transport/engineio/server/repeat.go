//go:build !js

package engineserver

import (
	"hash/maphash"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio/internal/session"
)

// stamp stands for the "t" of a request, which keeps caches from answering it. Clients
// make a new one for each, so that of two with the same stamp the second is the first
// once more: browsers and HTTP libraries repeat a request whose connection breaks before
// the answer, without telling the client. 0 tells nothing.
type stamp uint64

var seed = maphash.MakeSeed()

// stampOf returns the stamp of a t. A bare number is a clock, which may stand still
// between two requests, so it tells nothing.
func stampOf(t string) stamp {
	for i := range len(t) {
		if t[i] < '0' || t[i] > '9' {
			return stamp(maphash.String(seed, t))
		}
	}
	return 0
}

// repeats notices requests that are repeated. It is guarded by the session's lock.
type repeats struct {
	first  stamp // that the client has shown
	varied bool  // it has shown another one: it does not use the same always

	// What answers the last GET again, until the next one comes.
	answer *answer

	posted stamp  // of the last POST that was received
	body   uint64 // of which this is the hash
}

// answer is what a GET took.
type answer struct {
	packets []transport.Message
	last    bool          // the session ends with it
	stamp   stamp         // of the GET
	tries   int           // how often it was sent
	taken   session.Taken // that the packets are of
	holders int           // the requests that are answered with it, and repeats
}

// see is called with the stamp of every request and returns it, or 0 as long as the
// client may be using the same always.
func (r *repeats) see(t stamp) stamp {
	switch {
	case t == 0:
	case r.first == 0:
		r.first = t
	case t != r.first:
		r.varied = true
	}
	if !r.varied {
		return 0
	}
	return t
}

// again returns the answer for a GET that is repeated, or nil.
func (r *repeats) again(t stamp) *answer {
	if t == 0 || r.answer == nil || r.answer.stamp != t {
		return nil
	}
	return r.answer
}

// receive reports whether a POST is to be received, which it is once.
func (r *repeats) receive(t stamp, body []byte) bool {
	if t == 0 {
		return true
	}
	hash := maphash.Bytes(seed, body)
	repeated := t == r.posted && hash == r.body
	r.posted, r.body = t, hash
	return !repeated
}
