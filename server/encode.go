package server

import (
	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
)

// event encodes an event, with an acknowledgement id unless that is nil.
func (n *Namespace) event(name string, args []any, id *uint64) ([]transport.Message, error) {
	group, err := endpoint.EncodeEvent(n.server.options.Format, n.name, id, name, args)
	if err != nil {
		return nil, err
	}
	return group, nil
}

// broadcast encodes an event for many, as event does, and for an adapter that takes
// it to other servers.
func (n *Namespace) broadcast(name string, args []any, id *uint64) (*adapter.Packet, error) {
	f := n.server.options.Format
	group, err := endpoint.EncodeEvent(f, n.name, id, name, args)
	if err != nil {
		return nil, err
	}
	p := &adapter.Packet{Packet: parser.Packet{Type: parser.Event, Namespace: n.name}}
	if id != nil {
		p.ID, p.HasID = *id, true
	}
	if n.server.options.relays {
		relayed, err := f.RelayEvent(group)
		if err != nil {
			return nil, err
		}
		p.Data, p.Attachments = relayed.Data, relayed.Attachments
	}
	p.Messages = group
	return p, nil
}

// ack encodes the answer to the event with that id.
func (n *Namespace) ack(id uint64, args []any) ([]transport.Message, error) {
	group, err := n.server.options.Format.EncodeAck(n.name, id, args)
	if err != nil {
		return nil, err
	}
	return group, nil
}

// control encodes a Connect or Disconnect packet, whose payload always encodes.
func (n *Namespace) control(t parser.Type, payload any) []transport.Message {
	group, err := n.server.options.Format.EncodeControl(t, n.name, payload)
	if err != nil {
		panic("BUG: server: encode " + t.String() + ": " + err.Error())
	}
	return group
}
