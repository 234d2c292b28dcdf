//go:build js

package transportjs

import (
	"bytes"

	"github.com/hack-pad/safejs"

	"github.com/isosocket/isosocket/transport"
)

const (
	maxBatch      = 256     // messages of one batch, so that the page stays responsive under a flood
	maxBatchBytes = 1 << 20 // bytes of one batch, as far as the size of the last one tells
)

// buffer is how an ArrayBuffer is joined. A batch that shows it holds one, or a
// text that says so.
var buffer = []byte("[object ArrayBuffer]")

// inbox is a JavaScript array that the browser appends message events to without
// entering Go.
type inbox struct {
	natives *natives
	events  safejs.Value // the array
	push    safejs.Value // listener: appends an event
	splice  safejs.Value // removes from the front
	data    safejs.Value // (event) its data; zero until the first message
	limit   int          // messages of the next batch
}

func newInbox(s *script, n *natives) inbox {
	events := s.construct(n.array)
	return inbox{
		natives: n,
		events:  events,
		push:    s.bind(events, "push"),
		splice:  s.bind(events, "splice"),
		limit:   maxBatch,
	}
}

// only returns the message of the only event that is queued.
func (b *inbox) only(event safejs.Value) (transport.Message, error) {
	var s script
	if b.data.IsUndefined() {
		b.findData(&s, event)
	}
	m := b.message(&s, s.get(event, "data"))
	s.set(b.events, "length", 0)
	return m, s.err
}

// take removes a batch of messages from the front. It tells whether more may wait.
func (b *inbox) take() (messages []transport.Message, more bool, err error) {
	var s script
	events := s.invoke(b.splice, 0, b.limit)
	n := s.length(events)
	if s.err != nil || n == 0 {
		return nil, false, s.err
	}
	more = n == b.limit
	if b.data.IsUndefined() {
		b.findData(&s, s.index(events, 0))
	}
	data := s.invoke(b.natives.transform, events, b.data)
	if n > 1 {
		messages = b.texts(&s, data, n)
	}
	if messages == nil {
		for i := range n {
			messages = append(messages, b.message(&s, s.index(data, i)))
		}
	}
	size := 0
	for _, m := range messages {
		size += len(m.Data)
	}
	b.limit = min(max(1, maxBatchBytes*n/(size+1)), maxBatch)
	return messages, more, s.err
}

// texts returns n texts that crossed as one, or nil if they cannot be told apart
// from binary messages or from each other.
func (b *inbox) texts(s *script, data safejs.Value, n int) []transport.Message {
	joined := s.bytes(s.invoke(b.natives.encode, s.invoke(b.natives.join, data, b.natives.separator)))
	if s.err != nil || bytes.Count(joined, []byte(separator)) != n-1 || bytes.Contains(joined, buffer) {
		return nil
	}
	messages := make([]transport.Message, 0, n)
	for more := true; more; {
		var text []byte
		text, joined, more = bytes.Cut(joined, []byte(separator))
		messages = append(messages, transport.Message{Data: text[:len(text):len(text)]})
	}
	return messages
}

// message copies the data of an event: a string or an ArrayBuffer.
func (b *inbox) message(s *script, data safejs.Value) transport.Message {
	if data.Type() == safejs.TypeString {
		return transport.Message{Data: s.bytes(s.invoke(b.natives.encode, data))}
	}
	return transport.Message{Data: s.bytes(s.construct(b.natives.uint8Array, data)), Binary: true}
}

// findData looks for the getter that the runtime's events have, which is not always that of MessageEvent.
func (b *inbox) findData(s *script, event safejs.Value) {
	b.data = s.call(b.natives.call, "bind", s.call(event, "__lookupGetter__", "data"))
}
