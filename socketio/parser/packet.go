package parser

import "strconv"

// Type is the first character of an encoded packet.
// https://socket.io/docs/v4/socket-io-protocol/#packet-encoding
type Type byte

const (
	Connect      Type = '0' // asks for, or confirms, a namespace
	Disconnect   Type = '1' // leaves a namespace
	Event        Type = '2' // an event, the name first
	Ack          Type = '3' // answers the event with the same id
	ConnectError Type = '4' // refuses a namespace
	BinaryEvent  Type = '5' // on the wire only: an Event with attachments
	BinaryAck    Type = '6' // on the wire only: an Ack with attachments
)

// String returns the type's name in the protocol document, or its character.
func (t Type) String() string {
	if t < Connect || t > BinaryAck {
		return "unknown " + string(rune(t))
	}
	return [...]string{
		"CONNECT", "DISCONNECT", "EVENT", "ACK", "CONNECT_ERROR", "BINARY_EVENT", "BINARY_ACK",
	}[t-Connect]
}

// MaxID is the largest acknowledgement id: beyond it a JavaScript peer cannot
// tell integers apart.
const MaxID = 1<<53 - 1

// Packet is the unit of the protocol. A packet with attachments is an Event or
// Ack whose Attachments are not empty; its type on the wire follows from that.
type Packet struct {
	Type      Type   // never BinaryEvent or BinaryAck
	Namespace string // begins with a slash and holds no comma; empty means "/"
	ID        uint64 // of the acknowledgement, at most MaxID
	HasID     bool   // an Event that wants an answer, or an Ack

	// Data is JSON: an array for Event (the name first) and Ack, an object or
	// nothing for Connect, an object or a string for ConnectError, else empty.
	Data []byte

	// Attachments are the binary values that Data has placeholders for, see
	// [AppendPlaceholder].
	Attachments [][]byte
}

// Append appends the text message of the packet to dst and returns it. dst may
// begin with the Engine.IO packet type, so that the result is a message as a
// WebSocket carries it. The attachments follow it as one binary message each.
//
// What is in the packet is taken as it is: Append checks nothing.
func Append(dst []byte, p *Packet) []byte {
	start := len(dst)
	dst = append(dst, byte(p.Type))
	if len(p.Attachments) > 0 {
		dst = Announce(dst, start, len(p.Attachments))
	}
	if p.Namespace != "" && p.Namespace != "/" {
		dst = append(dst, p.Namespace...)
		dst = append(dst, ',')
	}
	if p.HasID {
		dst = strconv.AppendUint(dst, p.ID, 10)
	}
	return append(dst, p.Data...)
}

// Announce makes the text message at text[start:], which Append wrote for an Event
// or Ack without attachments, one that so many attachments follow. So a packet can
// be encoded behind its header, before its attachments are known.
func Announce(text []byte, start, attachments int) []byte {
	text[start] += byte(BinaryEvent - Event)
	var buffer [24]byte
	count := append(strconv.AppendInt(buffer[:0], int64(attachments), 10), '-')
	text = append(text, count...) // slices.Insert would make a browser program 5 KB larger
	copy(text[start+1+len(count):], text[start+1:])
	copy(text[start+1:], count)
	return text
}

// Reserved tells whether an event name belongs to the library, which emits such
// events to its own user: neither side may send them.
// https://socket.io/docs/v4/emit-cheatsheet/#reserved-events
func Reserved(name string) bool {
	switch name {
	case "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener":
		return true
	}
	return false
}
