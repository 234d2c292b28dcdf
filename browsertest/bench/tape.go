package main

import (
	"fmt"
	"strings"
)

// tape is what a load sends, encoded before it begins: events end to end, from the
// first again after the last.
type tape struct {
	data []byte
	ends []int // of the events
}

func (t *tape) add(event []byte) {
	t.data = append(t.data, event...)
	t.ends = append(t.ends, len(t.data))
}

// send sends n events, beginning with the one of that number.
func (t *tape) send(to link, number, n int) error {
	for n > 0 {
		first := number % len(t.ends)
		last := min(first+n, len(t.ends))
		start := 0
		if first > 0 {
			start = t.ends[first-1]
		}
		if err := to.send(t.data[start:t.ends[last-1]]); err != nil {
			return err
		}
		number, n = number+last-first, n-(last-first)
	}
	return nil
}

// tape encodes the events of the load for a server.
func (l *load) tape(s *process) *tape {
	t := new(tape)
	payload := strings.Repeat("0123456789abcdef", l.Payload/16+1)[:l.Payload]
	for i := range max(l.Rooms, l.InFlight) {
		switch l.Kind {
		case "blob":
			var frames []byte
			if !s.raw() {
				frames = appendFrame(frames, opText, []byte(`451-["blob",{"_placeholder":true,"num":0}]`))
			}
			t.add(appendFrame(frames, opBinary, []byte(payload)))
		case "ack":
			// Nothing forbids the server to see one id again and again.
			t.add(l.packet(fmt.Sprintf(`420["ack",%q]`, payload)))
		case "room":
			t.add(l.packet(fmt.Sprintf(`42["room",%q,%q]`, roomName(i), payload)))
		case "texts", "blobs", "casts":
			t.add(l.packet(fmt.Sprintf(`42[%q,%d,%d]`, l.Kind, l.Events, l.Payload)))
		default:
			t.add(l.packet(fmt.Sprintf(`42[%q,%q]`, l.Kind, payload)))
		}
	}
	return t
}

// packet returns a text packet as the load's links send it.
func (l *load) packet(text string) []byte {
	if l.Polling {
		return []byte(text)
	}
	return appendFrame(nil, opText, []byte(text))
}
