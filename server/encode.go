package server

import (
	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
)

// event encodes an event, with an acknowledgement id unless that is nil.
func (n *Namespace) event(name string, args []any, id *uint64) ([]transport.Message, error) {
	return endpoint.EncodeEvent(n.server.options.Format, n.name, id, name, args)
}

// ack encodes the answer to the event with that id.
func (n *Namespace) ack(id uint64, args []any) ([]transport.Message, error) {
	return endpoint.EncodeAck(n.server.options.Format, n.name, id, args)
}

// control encodes a Connect or Disconnect packet, whose payload always encodes.
func (n *Namespace) control(t parser.Type, payload any) []transport.Message {
	group, err := n.server.options.Format.EncodeControl(t, n.name, payload)
	if err != nil {
		panic("BUG: server: encode " + t.String() + ": " + err.Error())
	}
	return group
}
