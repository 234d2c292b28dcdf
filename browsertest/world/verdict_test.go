package world

import (
	"fmt"
	"slices"
	"sync"
)

// verdict collects what is wrong with a round. Its methods may be called concurrently.
type verdict struct {
	mu        sync.Mutex
	lost      int      // events that were accepted and did not arrive
	doubled   int      // events that arrived again
	reordered int      // events that arrived behind later ones
	problems  []string // all that is wrong, in words
}

func (v *verdict) problem(format string, args ...any) { v.count(new(int), 0, format, args...) }

// count adds n to a counter of v beside the problem.
func (v *verdict) count(counter *int, n int, format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	*counter += n
	v.problems = append(v.problems, fmt.Sprintf(format, args...))
}

// flow is a sequence of events that one end numbers and the other receives.
type flow struct {
	name    string
	verdict *verdict

	mu       sync.Mutex   // guards what follows
	accepted int          // by the sender
	next     int          // that the receiver expects
	passed   int          // numbers below it were overtaken by a request that was sent later
	missing  map[int]bool // numbers below next that have not arrived
}

// send calls emit with the next number, which counts if there is no error.
func (f *flow) send(emit func(n int) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := emit(f.accepted)
	if err == nil {
		f.accepted++
	}
	return err
}

// sent returns how many events were accepted.
func (f *flow) sent() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.accepted
}

// receive is called with the number of an event that has arrived.
func (f *flow) receive(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.arrives(n)
}

func (f *flow) arrives(n int) {
	switch {
	case n >= f.next:
		for ; f.next < n; f.next++ {
			if f.missing == nil {
				f.missing = make(map[int]bool)
			}
			f.missing[f.next] = true
		}
		f.next = n + 1
		if n < f.passed {
			f.verdict.count(&f.verdict.reordered, 1, "%s: %d arrived behind a request that followed %d", f.name, n, f.passed-1)
		}
	case f.missing[n]:
		delete(f.missing, n)
		f.verdict.count(&f.verdict.reordered, 1, "%s: %d arrived behind %d", f.name, n, f.next-1)
	default:
		f.verdict.count(&f.verdict.doubled, 1, "%s: %d arrived again, %d was next", f.name, n, f.next)
	}
}

// overtaken says that a request has arrived that was sent behind n events.
func (f *flow) overtaken(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.passed = max(f.passed, n)
}

// forgive takes what may be lost out of what is missing, and returns how much of it is.
func (f *flow) forgive(may func(n int) bool) (forgiven int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for ; f.next < f.accepted; f.next++ {
		if f.missing == nil {
			f.missing = make(map[int]bool)
		}
		f.missing[f.next] = true
	}
	for n := range f.missing {
		if may(n) {
			delete(f.missing, n)
			forgiven++
		}
	}
	return forgiven
}

// settle demands that the first n events have arrived, and whatever is in front of one
// that has. It counts what has not, once.
func (f *flow) settle(n int, when string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	lost := len(f.missing) + max(n-f.next, 0)
	if lost > 0 {
		f.verdict.count(&f.verdict.lost, lost, "%s: lost %d, %s; %d were accepted, %d was next", f.name, lost, when, n, f.next)
	}
	f.missing = nil
	f.next = max(f.next, n)
}

// upward is the flow of a client's socket, over all of its connections.
type upward struct {
	flow
	socket  string               // of the server, on which the last event arrived
	excused int                  // events accepted when the last disconnection was reported
	sockets []string             // in the order of their first events
	arrived map[string][]arrival // by socket, until they are judged
}

// arrival is an event that has arrived on a server's socket.
type arrival struct {
	n       int
	excused int // at that time
}

// disconnected says that the client was told: what was accepted before may be missing.
func (u *upward) disconnected() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.excused = u.accepted
}

// receive is called with the number of an event that has arrived on a server's socket.
// It is judged later: handlers of one socket may be at work when the client is
// connected to the next.
func (u *upward) receive(n int, socket string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.arrived == nil {
		u.arrived = make(map[string][]arrival)
	}
	if !slices.Contains(u.sockets, socket) {
		u.sockets = append(u.sockets, socket)
	}
	u.arrived[socket] = append(u.arrived[socket], arrival{n, u.excused})
}

// judge takes account of what has arrived.
func (u *upward) judge() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, socket := range u.sockets {
		for _, a := range u.arrived[socket] {
			u.move(socket, a.n, a.excused)
			u.arrives(a.n)
		}
	}
	clear(u.arrived)
}

// move says on which socket the event n arrives, or would: on another one than those
// before, what is excused may be missing.
func (u *upward) move(socket string, n, excused int) {
	if socket != u.socket {
		u.socket = socket
		u.next = max(u.next, min(n, excused))
	}
}

// settle demands that all has arrived that is not excused, given the socket that the
// client is connected to.
func (u *upward) settle(socket, when string) {
	u.judge()
	u.mu.Lock()
	u.move(socket, u.accepted, u.excused)
	u.mu.Unlock()
	u.flow.settle(u.sent(), when)
}
