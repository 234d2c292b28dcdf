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
	return s
}

func (s story) String() string {
	when := "late"
	if s.early {
		when = "early"
	}
	return fmt.Sprintf("%v, %v, %v %s", s.transports, s.fault, s.ending, when)
}

// pace is how long an actor of the story waits between two things that it does.
func (s story) pace() time.Duration {
	if s.early {
		return 8 * time.Millisecond
	}
	return 80 * time.Millisecond
}
