package event

import (
	"context"
	"iter"
	"sync"

	"github.com/isosocket/isosocket/socketio/parser"
)

// Gather collects what the receivers of one packet answer. Expect is called for
// each of them before the packet is sent, then Replies once.
type Gather[P any] struct {
	codec Codec
	name  string
	id    uint64

	mu       sync.Mutex
	expected []expectation[P]
	arrived  []arrival     // not yielded yet
	wake     chan struct{} // of capacity 1: something has arrived
}

// Reply is what one peer answered.
type Reply[P any] struct {
	Peer    P
	Message *Message // nil together with an error
}

type expectation[P any] struct {
	peer P
	acks *Acks
}

type arrival struct {
	from   int // index of the expectation
	packet *parser.Packet
	err    error
}

// NewGather returns a Gather for the answers to an event of that name, which is
// sent with that id, taken from Acks.IDs. A nil codec means [JSON].
func NewGather[P any](codec Codec, name string, id uint64) *Gather[P] {
	return &Gather[P]{codec: codec, name: name, id: id, wake: make(chan struct{}, 1)}
}

// Expect adds a peer, whose pending acknowledgements are given. When these take no
// more, the error is yielded as what the peer answered.
func (g *Gather[P]) Expect(peer P, acks *Acks) {
	g.mu.Lock()
	from := len(g.expected)
	g.expected = append(g.expected, expectation[P]{peer, acks})
	g.mu.Unlock()
	err := acks.AddID(g.id, func(p *parser.Packet, err error) { g.arrive(arrival{from, p, err}) })
	if err != nil {
		g.arrive(arrival{from: from, err: err})
	}
}

func (g *Gather[P]) arrive(a arrival) {
	g.mu.Lock()
	g.arrived = append(g.arrived, a)
	g.mu.Unlock()
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

func (g *Gather[P]) take() []arrival {
	g.mu.Lock()
	defer g.mu.Unlock()
	taken := g.arrived
	g.arrived = nil
	return taken
}

// Replies yields the answers as they come, one for each expected peer. The error
// is as with [Requester]: when ctx is over, it is its cause for each peer that
// has not answered by then. Breaking out of the loop gives up the rest.
func (g *Gather[P]) Replies(ctx context.Context) iter.Seq2[Reply[P], error] {
	return func(yield func(Reply[P], error) bool) {
		defer g.abandon(nil)
		done := ctx.Done()
		for missing := len(g.expected); missing > 0; {
			for _, a := range g.take() {
				missing--
				if !yield(g.reply(a)) {
					return
				}
			}
			if missing == 0 {
				return
			}
			select {
			case <-g.wake:
			case <-done:
				done = nil // what is not abandoned here is just arriving
				g.abandon(func(from int) {
					g.arrive(arrival{from: from, err: noAnswer(ctx, g.name)})
				})
			}
		}
	}
}

func (g *Gather[P]) reply(a arrival) (Reply[P], error) {
	r := Reply[P]{Peer: g.expected[a.from].peer}
	if a.err != nil {
		return r, a.err
	}
	var err error
	r.Message, err = NewReply(g.name, a.packet, g.codec)
	return r, err
}

// abandon stops waiting for the peers that have not answered, and tells which.
func (g *Gather[P]) abandon(tell func(from int)) {
	for from, e := range g.expected {
		if e.acks.Remove(g.id) && tell != nil {
			tell(from)
		}
	}
}
