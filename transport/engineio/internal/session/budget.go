package session

import (
	"sync/atomic"
	"unsafe"

	"github.com/isosocket/isosocket/transport"
)

// Budget bounds what waits to be sent on all sessions of a server together, in bytes
// held. What many sessions are sent counts once, and each session's place for it.
type Budget struct {
	most    int64
	relieve func()
	held    atomic.Int64
}

// NewBudget returns a Budget of that many bytes. relieve is called without a lock when more
// than half of them are held, and ends sessions if all are.
func NewBudget(most int, relieve func()) *Budget {
	return &Budget{most: int64(most), relieve: relieve}
}

// Held returns how many bytes are held.
func (b *Budget) Held() int64 { return b.held.Load() }

// Over returns how many bytes too many are held. It is negative as long as there is room.
func (b *Budget) Over() int64 { return b.held.Load() - b.most }

// Hold counts bytes that a session holds besides its outbox, or with a negative number
// does not hold any more.
func (b *Budget) Hold(bytes int) {
	if b != nil {
		b.held.Add(int64(bytes))
	}
}

// look is called when more has come to be held.
func (b *Budget) look() {
	if b.held.Load() > b.most/2 {
		b.relieve()
	}
}

// Shared is the messages of a packet that many sessions are sent.
type Shared struct {
	messages []transport.Message
	size     int
	holders  atomic.Int64 // sessions that it waits on
}

// NewShared keeps the messages, which must not be changed any more.
func NewShared(messages []transport.Message) *Shared {
	return &Shared{messages: messages, size: transport.Held(messages)}
}

// place is what a group takes by itself in an outbox.
const place = int(unsafe.Sizeof(group{}))

// hold counts a group that came into an outbox.
func (b *Budget) hold(g *group) {
	switch {
	case b == nil:
	case g.shared == nil:
		b.Hold(transport.Held(g.messages))
	case g.shared.holders.Add(1) == 1:
		b.Hold(place + g.shared.size)
	default:
		b.Hold(place)
	}
}

// release counts groups that left an outbox.
func (b *Budget) release(groups []group) {
	if b == nil || len(groups) == 0 {
		return
	}
	bytes := 0
	for i := range groups {
		switch g := &groups[i]; {
		case g.shared == nil:
			bytes += transport.Held(g.messages)
		case g.shared.holders.Add(-1) == 0:
			bytes += place + g.shared.size
		default:
			bytes += place
		}
	}
	b.Hold(-bytes)
}
