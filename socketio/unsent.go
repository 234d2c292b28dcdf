package socketio

import (
	"math"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
)

// unsent is a packet that was accepted for a session and did not leave before it ended.
type unsent struct {
	namespace string
	packet    packet
}

// unsent returns what did not leave the session, which has ended.
func (c *session) unsent() (packets []unsent) {
	everything := parser.Limits{MaxAttachments: math.MaxInt, MaxBytes: -1, MaxDepth: math.MaxInt}
	format := c.manager.opts.Format
	for _, group := range c.Unsent() {
		p, _, err := format.NewDecoder(everything).Decode(group[0])
		if err != nil {
			panic("BUG: socketio: decode what was encoded: " + err.Error())
		}
		name := event.NewMessage(format, &p, nil).Name()
		packets = append(packets, unsent{p.Namespace, packet{group, name, p.ID, p.HasID}})
	}
	return packets
}

// putBack puts what did not leave in front of what was emitted since, to be sent by the
// next connection. It is called with mu held, before the sockets are told of the end: a
// Request that was put back goes on.
func (m *Manager) putBack(packets []unsent) {
	bySocket := make(map[*Socket][]packet)
	for _, u := range packets {
		s := m.find(u.namespace)
		if s == nil || !s.active {
			continue // it has left, which is what it was told
		}
		bySocket[s] = append(bySocket[s], u.packet)
	}
	for s, own := range bySocket {
		s.buffer.putBack(own)
	}
}
