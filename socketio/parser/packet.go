package parser

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

	// Data is what the packet carries, in its format: of an Event the name and the
	// arguments, of an Ack the arguments, of Connect and ConnectError a value or
	// nothing. JSON has an array, an object, or for ConnectError a string.
	Data []byte

	// Attachments are the binary values beside the Data, where the format has such.
	Attachments [][]byte
}

// Reserved reports whether an event name belongs to the library, which emits such
// events to its own user: neither side may send them.
// https://socket.io/docs/v4/emit-cheatsheet/#reserved-events
func Reserved(name string) bool {
	switch name {
	case "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener":
		return true
	}
	return false
}
