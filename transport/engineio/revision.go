package engineio

import (
	"iter"

	"github.com/isosocket/isosocket/transport"
)

// Revision is what differs between the revisions of the protocol, as far as a
// session is concerned: who pings, and how packets are written. It is not changed
// once a session uses it.
type Revision struct {
	Number      string // value of the EIO query parameter
	ClientPings bool   // the client sends the pings and the server the pongs, instead of the reverse

	// MessageLead and BinaryLead are the leads of a message packet, text and binary,
	// on a WebSocket. 0 means none.
	MessageLead, BinaryLead byte

	// Decode is the reverse of a WebSocket message, see [Decode].
	Decode func(m transport.Message) (Packet, error)

	// What polling joins, see the functions of these names.

	PayloadSize   func(m transport.Message) int                              // of a packet
	AppendPayload func(dst []byte, messages ...transport.Message) []byte     // writes a payload
	DecodePayload func(body []byte, maxPackets int) iter.Seq2[Packet, error] // reads one
}

// Revision4 is the current revision.
// https://socket.io/docs/v4/engine-io-protocol/
var Revision4 = &Revision{
	Number:        "4",
	MessageLead:   byte(TypeMessage),
	Decode:        Decode,
	PayloadSize:   PayloadSize,
	AppendPayload: AppendPayload,
	DecodePayload: DecodePayload,
}

// Frame makes a message of the layer above a message packet. A packet, which has a
// lead, is left as it is.
func (r *Revision) Frame(m *transport.Message) {
	switch {
	case m.Lead != 0:
	case m.Binary:
		m.Lead = r.BinaryLead
	default:
		m.Lead = r.MessageLead
	}
}
