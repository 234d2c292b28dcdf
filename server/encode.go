package server

import (
	"sync"

	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

// scratch are buffers that arguments are encoded in, before the packet's header is known.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// event encodes an event, with an acknowledgement id unless that is nil.
func (n *Namespace) event(name string, args []any, id *uint64) (*adapter.Packet, error) {
	p := parser.Packet{Type: parser.Event}
	if id != nil {
		p.ID, p.HasID = *id, true
	}
	return n.encode(&p, func(codec event.Codec, dst []byte) ([]byte, [][]byte, error) {
		return event.EncodeEvent(codec, dst, name, args...)
	})
}

// ack encodes the answer to the event with that id.
func (n *Namespace) ack(id uint64, args []any) (*adapter.Packet, error) {
	p := parser.Packet{Type: parser.Ack, ID: id, HasID: true}
	return n.encode(&p, func(codec event.Codec, dst []byte) ([]byte, [][]byte, error) {
		return event.EncodeArgs(codec, dst, args...)
	})
}

func (n *Namespace) encode(p *parser.Packet, data func(event.Codec, []byte) ([]byte, [][]byte, error)) (*adapter.Packet, error) {
	buffer := scratch.Get().(*[]byte)
	defer scratch.Put(buffer)
	var err error
	p.Namespace = n.name
	p.Data, p.Attachments, err = data(n.server.options.Codec, (*buffer)[:0])
	if err != nil {
		return nil, err
	}
	if *buffer = p.Data; cap(*buffer) > maxScratch {
		*buffer = nil
	}
	encoded := &adapter.Packet{Packet: *p, Messages: messages(p)}
	text := encoded.Messages[0].Data
	encoded.Data = text[len(text)-len(p.Data):] // the packet's own, not the buffer's
	return encoded, nil
}

// maxScratch is the size of a buffer that is not worth keeping.
const maxScratch = 64 << 10

// messages returns the packet as a connection carries it.
func messages(p *parser.Packet) []transport.Message {
	text := make([]byte, 0, len(p.Data)+len(p.Namespace)+24)
	text = parser.Append(append(text, byte(engineio.TypeMessage)), p)
	group := make([]transport.Message, 1, 1+len(p.Attachments))
	group[0].Data = text
	for _, attachment := range p.Attachments {
		group = append(group, transport.Message{Data: attachment, Binary: true})
	}
	return group
}
