package server

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
)

// neutral is the form of what servers exchange, whatever the format of their
// connections: JSON with placeholders, and what those stand for.
var neutral = parser.JSON{MaxAttachments: -1}

var errNeutral = errors.New("server: not what servers exchange")

// relay returns an event, encoded by f, as other servers get it.
func relay(f parser.Format, event []transport.Message, volatile bool) (*adapter.Packet, error) {
	r, err := f.RelayEvent(event)
	if err != nil {
		return nil, err
	}
	return &adapter.Packet{Data: r.Data, Attachments: r.Attachments, Volatile: volatile}, nil
}

// serverEvent returns an event for the handlers of other servers.
func serverEvent(name string, args []any) (*adapter.Packet, error) {
	group, err := endpoint.EncodeEvent(neutral, "/", nil, name, args)
	if err != nil {
		return nil, err
	}
	return relay(neutral, group, false)
}

// fromNeutral returns the packet that what another server sent stands for. It has
// come through a broker that others may write to, and a client hangs up on a packet
// that it cannot read, so it is checked like what a client sends, without a limit of
// size: what servers may emit has none either.
func fromNeutral(t parser.Type, data []byte, attachments [][]byte) (*parser.Packet, error) {
	if !utf8.Valid(data) { // of what a client sends the transport has seen to that
		return nil, parser.ErrUTF8
	}
	text := []byte{byte(t)}
	if len(attachments) > 0 {
		text[0] += byte(parser.BinaryEvent - parser.Event)
		text = append(strconv.AppendInt(text, int64(len(attachments)), 10), '-')
	}
	group := []transport.Message{{Data: append(text, data...)}}
	for _, a := range attachments {
		group = append(group, transport.Message{Data: a, Binary: true})
	}
	p, err := decodeNeutral(group)
	if err == nil && len(p.Data) != len(data) { // it had a header of its own
		err = errNeutral
	}
	return p, err
}

// decodeNeutral returns the packet of a group in the neutral format.
func decodeNeutral(group []transport.Message) (*parser.Packet, error) {
	d := neutral.NewDecoder(parser.Limits{MaxAttachments: len(group) - 1, MaxBytes: -1})
	for _, m := range group {
		p, complete, err := d.Decode(m)
		if err != nil || complete {
			return &p, err
		}
	}
	return nil, errNeutral
}

// received encodes an event from another server for the connections of this one, with an
// acknowledgement id unless that is nil.
func (n *Namespace) received(p *adapter.Packet, id *uint64) (*outgoing, error) {
	packet, err := fromNeutral(parser.Event, p.Data, p.Attachments)
	var group []transport.Message
	if err == nil {
		group, err = n.server.options.Format.EncodeRelayed(n.name, id, parser.Relayed{Data: packet.Data, Attachments: packet.Attachments})
	}
	if err != nil {
		return nil, fmt.Errorf("server: event from another server: %w", err)
	}
	out := n.toMany(group, "", p.Volatile)
	if out.trace != nil {
		out.event = event.NewMessage(neutral, packet, nil).Name()
	}
	return out, nil
}
