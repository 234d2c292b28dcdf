package world

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// fault is what happens to the connections of a round.
type fault int

const (
	noFault  fault = iota
	cuts           // connections are reset
	halfOpen       // connections are reset for one end
	losses         // what the server writes vanishes, and the connection with it
)

func (f fault) String() string { return [...]string{"no fault", "cuts", "half-open", "losses"}[f] }

// ending is how a round ends, in order.
type ending int

const (
	clientsClose ending = iota // every Manager is closed
	disconnects                // the server disconnects every client, and its connection
	shutdown                   // the server shuts down
)

func (e ending) String() string {
	return [...]string{"clients close", "server disconnects", "server shuts down"}[e]
}

// story is what is to happen in a round.
type story struct {
	seed       uint64
	transports []string // of the clients
	fault      fault
	ending     ending
	early      bool // it ends within what an upgrade takes, and without a fault
	rate       int  // bytes a second of each connection; 0: any
	bursts     bool // of events, some of them large
	slow       bool // the server's handlers take time, and little may wait for them
}

const (
	latency     = 3 * time.Millisecond // of the network
	upgradeTime = 30 * latency         // within which a client is connected and its upgrade done, or nearly
)

// tell draws a story.
func tell(seed uint64) story {
	rng := rand.New(rand.NewPCG(seed, 0))
	s := story{
		seed: seed,
		transports: [][]string{
			{"polling", "websocket"}, {"polling", "websocket"}, {"polling"}, {"websocket"},
		}[rng.IntN(4)],
		ending: ending(rng.IntN(3)),
		early:  rng.IntN(3) == 0,
	}
	if !s.early {
		s.fault = fault(rng.IntN(4))
	}
	// A Write to a WebSocket holds a lock, and who waits for that stops the bubble's time.
	if slowLine := 100_000 << rng.IntN(3); len(s.transports) == 1 && s.transports[0] == "polling" && rng.IntN(2) == 0 {
		s.rate = slowLine
	}
	s.bursts, s.slow = rng.IntN(2) == 0, rng.IntN(4) == 0
	return s
}

func (s story) String() string {
	when := "late"
	if s.early {
		when = "early"
	}
	more := ""
	if s.rate > 0 {
		more += fmt.Sprintf(", %d KB a second", s.rate/1000)
	}
	if s.bursts {
		more += ", bursts"
	}
	if s.slow {
		more += ", slow handlers"
	}
	return fmt.Sprintf("%v, %v, %v %s%s", s.transports, s.fault, s.ending, when, more)
}

// burst returns how many events an actor emits at once.
func (s story) burst(rng *rand.Rand) int {
	if s.bursts && rng.IntN(8) == 0 {
		return 1 + rng.IntN(20)
	}
	return 1
}

// pace is how long an actor of the story waits between two things that it does.
func (s story) pace() time.Duration {
	if s.early {
		return 8 * time.Millisecond
	}
	return 80 * time.Millisecond
}
