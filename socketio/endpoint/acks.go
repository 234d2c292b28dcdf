package endpoint

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/isosocket/isosocket/socketio/parser"
)

// ErrTooManyAcks is returned for an event that wants an acknowledgement while
// Acks.Max others wait for theirs.
var ErrTooManyAcks = errors.New("endpoint: too many acknowledgements pending")

// DefaultMaxAcks is how many acknowledgements may be pending on a socket unless Acks.Max says otherwise.
const DefaultMaxAcks = 10_000

// AckFunc receives the Ack packet that answers an event, or why there is none. It is called once.
// It runs on the goroutine that reads the connection and must not wait.
type AckFunc func(reply *parser.Packet, err error)

// Acks holds the events of one socket that wait for an acknowledgement. The zero
// value is ready for use. Its methods may be called concurrently; no AckFunc is
// called under a lock.
type Acks struct {
	// Max bounds what is pending. 0 means DefaultMaxAcks.
	Max int

	// IDs is the counter that ids are taken from, shared by the sockets that one
	// broadcast may reach: it is encoded once, so its id must be free on each. Nil
	// means a counter of this Acks. Ids start at 0.
	IDs *atomic.Uint64

	mu      sync.Mutex
	next    uint64
	pending map[uint64]AckFunc
	refused error // what put answers, unless nil
	closed  bool  // refused is for good
}

// Add registers fn under a new id.
func (a *Acks) Add(fn AckFunc) (id uint64, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.IDs != nil {
		id = a.IDs.Add(1) - 1
	} else {
		id = a.next
		a.next++
	}
	return id, a.put(id, fn)
}

// AddID registers fn under an id taken from IDs, for a packet that goes to several sockets.
func (a *Acks) AddID(id uint64, fn AckFunc) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.put(id, fn)
}

func (a *Acks) put(id uint64, fn AckFunc) error {
	limit := a.Max
	if limit == 0 {
		limit = DefaultMaxAcks
	}
	switch {
	case a.refused != nil:
		return a.refused
	case len(a.pending) >= limit:
		return ErrTooManyAcks
	}
	if a.pending == nil {
		a.pending = make(map[uint64]AckFunc)
	}
	a.pending[id] = fn
	return nil
}

func (a *Acks) take(id uint64) AckFunc {
	a.mu.Lock()
	defer a.mu.Unlock()
	fn := a.pending[id]
	delete(a.pending, id)
	return fn
}

// Resolve gives the packet to whoever waits for that id. It returns false for an
// id that nothing waits for, which the protocol ignores.
func (a *Acks) Resolve(id uint64, reply *parser.Packet) bool {
	fn := a.take(id)
	if fn == nil {
		return false
	}
	fn(reply, nil)
	return true
}

// Remove forgets an id. When it returns true its AckFunc is never called.
func (a *Acks) Remove(id uint64) bool { return a.take(id) != nil }

// Fail ends what is pending with the error, except the ids that keep asks to keep
// (a nil keep asks for none): those whose event was not sent yet, when a client
// will connect again. Their order is not defined. keep must not call the methods.
func (a *Acks) Fail(err error, keep func(id uint64) bool) {
	var failed []AckFunc
	a.mu.Lock()
	for id, fn := range a.pending {
		if keep == nil || !keep(id) {
			failed = append(failed, fn)
			delete(a.pending, id)
		}
	}
	a.mu.Unlock()
	for _, fn := range failed {
		fn(nil, err)
	}
}

// Close ends everything pending with the error, and refuses more with it.
func (a *Acks) Close(err error) {
	a.mu.Lock()
	if !a.closed {
		a.refused, a.closed = err, true
	}
	a.mu.Unlock()
	a.Fail(err, nil)
}

// Suspend ends everything pending with the error, and refuses more with it until Resume:
// no answer can be read meanwhile.
func (a *Acks) Suspend(err error) {
	a.mu.Lock()
	if !a.closed {
		a.refused = err
	}
	a.mu.Unlock()
	a.Fail(err, nil)
}

// Resume ends what Suspend began.
func (a *Acks) Resume() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed {
		a.refused = nil
	}
}
