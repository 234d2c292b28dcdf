package server

import (
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

// event encodes an event, with an acknowledgement id unless that is nil. The
// packet shares memory with the messages.
func (n *Namespace) event(name string, args []any, id *uint64) (p parser.Packet, group []transport.Message, err error) {
	p = parser.Packet{Type: parser.Event, Namespace: n.name}
	if id != nil {
		p.ID, p.HasID = *id, true
	}
	var buffer [64]byte
	head := appendText(buffer[:0], &p)
	text, attachments, err := event.EncodeEvent(n.server.options.Codec, head, name, args...)
	if err != nil {
		return p, nil, err
	}
	return p, complete(&p, text, len(head), attachments), nil
}

// ack encodes the answer to the event with that id.
func (n *Namespace) ack(id uint64, args []any) (group []transport.Message, err error) {
	p := parser.Packet{Type: parser.Ack, Namespace: n.name, ID: id, HasID: true}
	var buffer [64]byte
	head := appendText(buffer[:0], &p)
	text, attachments, err := event.EncodeArgs(n.server.options.Codec, head, args...)
	if err != nil {
		return nil, err
	}
	return complete(&p, text, len(head), attachments), nil
}

// complete gives the packet its data, which was encoded behind its head, and its
// attachments, and returns the messages.
func complete(p *parser.Packet, text []byte, head int, attachments [][]byte) []transport.Message {
	size := len(text) - head
	if len(attachments) > 0 {
		text = parser.Announce(text, 1, len(attachments)) // behind the type of the Engine.IO packet
	}
	p.Data, p.Attachments = text[len(text)-size:], attachments
	group := make([]transport.Message, 1, 1+len(attachments))
	group[0].Data = text
	for _, attachment := range attachments {
		group = append(group, transport.Message{Data: attachment, Binary: true})
	}
	return group
}

// messages returns a packet without attachments as a connection carries it.
func messages(p *parser.Packet) []transport.Message {
	text := make([]byte, 0, len("40,")+len(p.Namespace)+len(p.Data))
	return []transport.Message{{Data: appendText(text, p)}}
}

// appendText appends the packet's text message as a connection carries it.
func appendText(dst []byte, p *parser.Packet) []byte {
	return parser.Append(append(dst, byte(engineio.TypeMessage)), p)
}
