package server

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
)

var errNeutral = errors.New("server: not the arguments of an event")

// neutral is the form of an event that servers exchange: JSON with placeholders, and
// what those stand for. It shares no memory with the arguments.
func (n *Namespace) neutral(name string, args []any) (*adapter.Packet, error) {
	p := parser.Packet{Type: parser.Event}
	if _, err := event.EncodeEvent(n.server.options.Codec, nil, &p, name, args...); err != nil {
		return nil, err
	}
	return &adapter.Packet{Data: p.Data, Attachments: p.Attachments}, nil
}

// fromNeutral returns the packet that what another server sent stands for. It has
// come through a broker that others may write to, and a client hangs up on a packet
// that it cannot read, so it is checked like what a client sends, without a limit of
// size: what servers may emit has none either.
func fromNeutral(t parser.Type, data []byte, attachments [][]byte) (*parser.Packet, error) {
	d := parser.Decoder{Limits: parser.Limits{MaxAttachments: len(attachments), MaxBytes: -1, MaxDepth: event.MaxDepth}}
	p, _, err := d.Text(parser.Append(nil, &parser.Packet{Type: t, Data: data, Attachments: attachments}))
	switch {
	case err != nil:
		return nil, err
	case len(p.Data) != len(data) || len(data) == 0: // it had a header of its own
		return nil, errNeutral
	case !utf8.Valid(data): // of what a client sends the transport has seen to that
		return nil, event.ErrUTF8
	}
	p.Attachments = attachments
	return &p, nil
}

// received encodes an event from another server for the connections of this one, with an
// acknowledgement id unless that is nil.
func (n *Namespace) received(p *adapter.Packet, id *uint64) (*outgoing, error) {
	packet, err := fromNeutral(parser.Event, p.Data, p.Attachments)
	if err != nil {
		return nil, fmt.Errorf("server: event from another server: %w", err)
	}
	packet.Namespace = n.name
	if id != nil {
		packet.ID, packet.HasID = *id, true
	}
	out := &outgoing{
		messages: messages(parser.Append(bytes.Clone(prefix), packet), packet.Attachments),
		volatile: p.Volatile,
		trace:    n.server.trace.Load(),
	}
	if out.trace != nil {
		m, err := event.NewMessage(packet, n.server.options.Codec, nil)
		if err != nil {
			return nil, err
		}
		out.event = m.Name()
	}
	return out, nil
}
