package server

import (
	"sync"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

// scratch are buffers that arguments are encoded in, before the packet's header is known.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// event encodes an event, with an acknowledgement id unless that is nil. The
// packet shares memory with the messages.
func (n *Namespace) event(name string, args []any, id *uint64) (p parser.Packet, group []transport.Message, err error) {
	buffer := scratch.Get().(*[]byte)
	defer scratch.Put(buffer)
	p = parser.Packet{Type: parser.Event, Namespace: n.name}
	if id != nil {
		p.ID, p.HasID = *id, true
	}
	p.Data, p.Attachments, err = event.EncodeEvent(n.server.options.Codec, (*buffer)[:0], name, args...)
	if err != nil {
		return p, nil, err
	}
	keep(buffer, p.Data)
	return p, messages(&p), nil
}

// ack encodes the answer to the event with that id.
func (n *Namespace) ack(id uint64, args []any) (group []transport.Message, err error) {
	buffer := scratch.Get().(*[]byte)
	defer scratch.Put(buffer)
	p := parser.Packet{Type: parser.Ack, Namespace: n.name, ID: id, HasID: true}
	p.Data, p.Attachments, err = event.EncodeArgs(n.server.options.Codec, (*buffer)[:0], args...)
	if err != nil {
		return nil, err
	}
	keep(buffer, p.Data)
	return messages(&p), nil
}

// keep makes the buffer what it has grown to, unless that is not worth keeping.
func keep(buffer *[]byte, grown []byte) {
	if cap(grown) <= maxScratch {
		*buffer = grown
	}
}

const maxScratch = 64 << 10

// messages returns the packet as a connection carries it. The data of the packet
// is then that of the messages.
func messages(p *parser.Packet) []transport.Message {
	text := make([]byte, 0, len(p.Data)+len(p.Namespace)+24)
	text = parser.Append(append(text, byte(engineio.TypeMessage)), p)
	p.Data = text[len(text)-len(p.Data):]
	group := make([]transport.Message, 1, 1+len(p.Attachments))
	group[0].Data = text
	for _, attachment := range p.Attachments {
		group = append(group, transport.Message{Data: attachment, Binary: true})
	}
	return group
}
