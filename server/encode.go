package server

import (
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
)

// event encodes an event, with an acknowledgement id unless that is nil. The
// packet shares memory with the messages.
func (n *Namespace) event(name string, args []any, id *uint64) (p parser.Packet, group []transport.Message, err error) {
	p = parser.Packet{Type: parser.Event, Namespace: n.name}
	if id != nil {
		p.ID, p.HasID = *id, true
	}
	text, err := event.EncodeEvent(n.server.options.Codec, nil, &p, name, args...)
	if err != nil {
		return p, nil, err
	}
	return p, messages(text, p.Attachments), nil
}

// ack encodes the answer to the event with that id.
func (n *Namespace) ack(id uint64, args []any) (group []transport.Message, err error) {
	p := parser.Packet{Type: parser.Ack, Namespace: n.name, ID: id, HasID: true}
	text, err := event.EncodeAck(n.server.options.Codec, nil, &p, args...)
	if err != nil {
		return nil, err
	}
	return messages(text, p.Attachments), nil
}

// control encodes a packet of another type, with its data.
func control(t parser.Type, namespace string, data []byte) []transport.Message {
	text := make([]byte, 0, len("0,")+len(namespace)+len(data))
	return messages(parser.Append(text, &parser.Packet{Type: t, Namespace: namespace, Data: data}), nil)
}

// messages returns what a connection carries for one packet.
func messages(text []byte, attachments [][]byte) []transport.Message {
	group := make([]transport.Message, 1, 1+len(attachments))
	group[0].Data = text
	for _, attachment := range attachments {
		group = append(group, transport.Message{Data: attachment, Binary: true})
	}
	return group
}
