package transporttest

import (
	"context"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Network is an in-memory network of byte streams, on which net/http runs with its
// own Server and Transport:
//
//	n := transporttest.NewNetwork(seed)
//	n.Latency = 3 * time.Millisecond
//	listener, err := n.Listen("server:80")
//	go (&http.Server{Handler: handler}).Serve(listener)
//	client := &http.Client{Transport: &http.Transport{DialContext: n.Dial}}
//	response, err := client.Get("http://server/")
//
// What is written arrives later and in order, in one piece or in two. [Network.Cut],
// [Network.HalfOpen] and [Network.Lose] break a connection that is chosen at random, and
// Network.Fate decides where those break that are dialed.
//
// A Network starts no goroutine, and whoever waits on it waits on channels and timers:
// inside a [testing/synctest] bubble a waiting end is durably blocked. The delays and
// the choices come from the seed. They are the same in every run as far as the order of
// the calls is.
type Network struct {
	// Latency bounds how long a piece takes to the other end, and a Dial to the
	// listener. It must not be changed once the network is used.
	Latency time.Duration

	// Rate is how many bytes a second each direction of a connection carries, 0 for any.
	// It must not be changed once the network is used.
	Rate int

	// Buffer is how many bytes one direction of a connection holds before a Write waits
	// for the peer to read. 0 means 64 KiB. It must not be changed once the network is used.
	//
	// In a bubble a goroutine that waits for a mutex stops the time, which a Write that
	// holds it may be waiting for. With room enough no Write waits.
	Buffer int

	// Fate, unless it is nil, is called for each new connection, and returns where it
	// breaks, or nil. It must not call methods of the Network, nor be changed once the
	// network is used.
	Fate func() *Break

	mu        sync.Mutex
	rng       *rand.Rand           // guarded by mu
	listeners map[string]*listener // by address; guarded by mu
	links     []*link              // open ones, in the order of their Dial; guarded by mu
	cuts      int                  // guarded by mu
	halfOpen  int                  // guarded by mu
	losses    atomic.Int64
	breaks    [Stall + 1]atomic.Int64
}

// Break is where a connection breaks: when one of its ends has sent so many bytes. They
// arrive, although a reset may come before they are read. What that end sends behind them
// is lost while its Write succeeds, and so is what the other end sends from then on.
type Break struct {
	How   How  // it breaks
	After int  // bytes
	Down  bool // that the accepting end sends, in place of the dialing one
}

// How is what a connection that breaks does.
type How int

const (
	Reset  How = iota // both ends are reset
	Finish            // both ends read the end of the stream, as from a proxy that stops, and are reset when they write
	Stall             // neither end is told: nothing arrives, and a Write waits once the buffer is full; one that has a deadline fails then
)

// String returns a word for it.
func (h How) String() string { return [...]string{"reset", "finish", "stall"}[h] }

// Faults counts what has happened to the connections of a [Network].
type Faults struct {
	Cuts     int // connections that were reset at both ends
	HalfOpen int // connections that are half open
	Losses   int // writes that got lost together with their connection

	Breaks [Stall + 1]int // connections that broke where [Network].Fate has said, by How
}

// NewNetwork returns a network without latency.
func NewNetwork(seed uint64) *Network {
	return &Network{rng: rand.New(rand.NewPCG(seed, 0)), listeners: make(map[string]*listener)}
}

// Listen returns a listener for connections that are dialed to the address.
func (n *Network) Listen(address string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[address] != nil {
		return nil, &net.OpError{Op: "listen", Net: "memory", Addr: name(address), Err: syscall.EADDRINUSE}
	}
	l := &listener{network: n, address: name(address), conns: make(chan net.Conn), closed: make(chan struct{})}
	n.listeners[address] = l
	return l, nil
}

// Dial connects to the listener of the address, whatever the network's name is. It has
// the signature of [net/http.Transport].DialContext.
func (n *Network) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	failed := func(err error) error {
		return &net.OpError{Op: "dial", Net: "memory", Addr: name(address), Err: err}
	}
	n.mu.Lock()
	delay := n.delay(n.rng)
	n.mu.Unlock()
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return nil, failed(context.Cause(ctx))
	}

	n.mu.Lock()
	l := n.listeners[address]
	n.mu.Unlock()
	if l == nil {
		return nil, failed(syscall.ECONNREFUSED)
	}
	dialed, accepted := n.connect(l.address)
	var err error
	select {
	case l.conns <- accepted:
		return dialed, nil
	case <-l.closed:
		err = syscall.ECONNREFUSED
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	_ = dialed.Close()
	_ = accepted.Close()
	return nil, failed(err)
}

// Open returns how many connections have an end that was not closed. An end that was
// reset counts until it is closed as well.
func (n *Network) Open() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.links)
}

// Faults returns the faults that have happened so far.
func (n *Network) Faults() Faults {
	n.mu.Lock()
	defer n.mu.Unlock()
	f := Faults{Cuts: n.cuts, HalfOpen: n.halfOpen, Losses: int(n.losses.Load())}
	for how := range f.Breaks {
		f.Breaks[how] = int(n.breaks[how].Load())
	}
	return f
}

// Cut resets a connection for both of its ends. What is on the way is lost, and so is
// what has arrived and was not read. It reports whether there was a connection to cut.
func (n *Network) Cut() bool {
	return n.harm(func(l *link) {
		l.reset()
		n.cuts++
	})
}

// HalfOpen resets a connection for one of its ends. The other is not told: what it
// writes vanishes, and nothing arrives. It reports whether there was a connection to harm.
func (n *Network) HalfOpen() bool {
	return n.harm(func(l *link) {
		l.ends[n.rng.IntN(2)].vanish()
		n.halfOpen++
	})
}

// Lose makes what the accepting end of a connection writes next vanish, although the
// Write succeeds, and resets the connection for both ends at that moment. [Network.Faults]
// tells whether it has come to that. Lose reports whether there was such a connection.
func (n *Network) Lose() bool {
	return n.harm(func(l *link) { l.ends[1].losing = true })
}

// Spare calls off what [Network.Lose] and Network.Fate have prepared and has not happened.
func (n *Network) Spare() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, l := range n.links {
		l.mu.Lock()
		l.ends[1].losing = false
		l.ends[0].breaks, l.ends[1].breaks = nil, nil
		l.mu.Unlock()
	}
}

// harm calls do with a sound connection, if there is one, under its lock and the network's.
func (n *Network) harm(do func(*link)) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, i := range n.rng.Perm(len(n.links)) {
		if l := n.links[i]; l.ifSound(do) {
			return true
		}
	}
	return false
}

// delay returns a random latency.
func (n *Network) delay(rng *rand.Rand) time.Duration {
	return time.Duration(rng.Int64N(int64(n.Latency) + 1))
}

// forget removes a link whose ends are closed.
func (n *Network) forget(l *link) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.links = slices.DeleteFunc(n.links, func(other *link) bool { return other == l })
}

// connect returns the two ends of a new connection.
func (n *Network) connect(address name) (dialed, accepted net.Conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := newLink(n, address, n.rng.Uint64())
	if n.Fate != nil {
		l.doom(n.Fate())
	}
	n.links = append(n.links, l)
	return &l.ends[0], &l.ends[1]
}

// name is an address in a Network.
type name string

func (name) Network() string  { return "memory" }
func (a name) String() string { return string(a) }

// listener is the net.Listener of an address.
type listener struct {
	network *Network
	address name
	conns   chan net.Conn // from Dial to Accept
	once    sync.Once
	closed  chan struct{} // closed by Close
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: "memory", Addr: l.address, Err: net.ErrClosed}
	}
}

// Close implements net.Listener. The address is free again.
func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.network.mu.Lock()
		delete(l.network.listeners, string(l.address))
		l.network.mu.Unlock()
	})
	return nil
}

// Addr implements net.Listener.
func (l *listener) Addr() net.Addr { return l.address }
