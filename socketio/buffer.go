package socketio

import (
	"slices"

	"github.com/isosocket/isosocket/transport"
)

// packet is an encoded packet that goes out, with its attachments.
type packet struct {
	messages []transport.Message
	event    string // its name; "" for what is no event
	id       uint64
	hasID    bool // an answer to id is awaited
}

// sendBuffer keeps, in order, the packets emitted while a socket is not
// connected. It is guarded by the manager's mu.
type sendBuffer struct {
	limit   int // of bytes; 0 means none
	packets []packet
	bytes   int // held
}

// put appends a packet, and reports whether it fits. As in a queue, one that is over
// the limit by itself fits into a buffer of which no more than half is taken.
func (b *sendBuffer) put(p packet) bool {
	size := transport.Held(p.messages)
	if b.limit > 0 && b.bytes+size > b.limit && (size <= b.limit || b.bytes > b.limit/2) {
		return false
	}
	b.packets = append(b.packets, p)
	b.bytes += size
	return true
}

// take empties the buffer.
func (b *sendBuffer) take() []packet {
	packets := b.packets
	b.packets, b.bytes = nil, 0
	return packets
}

// putBack puts packets that were accepted before in front, whatever the limit.
func (b *sendBuffer) putBack(packets []packet) {
	for _, p := range packets {
		b.bytes += transport.Held(p.messages)
	}
	b.packets = append(slices.Clip(packets), b.packets...)
}

// ids returns the acknowledgement ids of the packets.
func (b *sendBuffer) ids() map[uint64]bool {
	ids := make(map[uint64]bool)
	for _, p := range b.packets {
		if p.hasID {
			ids[p.id] = true
		}
	}
	return ids
}

// remove takes back the packet with that acknowledgement id, if it is still
// there.
func (b *sendBuffer) remove(id uint64) {
	i := slices.IndexFunc(b.packets, func(p packet) bool { return p.hasID && p.id == id })
	if i >= 0 {
		b.bytes -= transport.Held(b.packets[i].messages)
		b.packets = slices.Delete(b.packets, i, i+1)
	}
}
