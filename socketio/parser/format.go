package parser

import "github.com/isosocket/isosocket/transport"

// Format is how packets are written as the messages of a connection and read from
// them. [JSON] is the format of the protocol document; both ends of a connection
// must use the same one. A Format is a value, safe for concurrent use.
//
// What it encodes is a group: the messages of one packet, which a connection sends
// without another one between them. Nobody changes a group or its Data, so it may
// go to many receivers. It does not share memory with the values it was made of.
//
// Go values are walked by the rules of encoding/json: its struct tags, and
// json.RawMessage for JSON that is there already. []byte is binary, and arrives as
// []byte in a []byte and in an any.
type Format interface {
	// EncodeEvent encodes an event. id asks for an acknowledgement; nil for none.
	// Whether the name is [Reserved] the caller has looked at. The error is an
	// [*EncodeError] for an argument.
	EncodeEvent(namespace string, id *uint64, name string, args []any) ([]transport.Message, error)

	// EncodeAck encodes the answer to the event with that id. The error is an
	// [*EncodeError].
	EncodeAck(namespace string, id uint64, args []any) ([]transport.Message, error)

	// EncodeControl encodes a Connect, Disconnect or ConnectError packet. That of a
	// Connect is an object without binary values, or the error matches [ErrPayload];
	// the members stand in it before those of the payload. A nil payload without
	// members is none.
	EncodeControl(t Type, namespace string, payload any, members ...Member) ([]transport.Message, error)

	// AppendArgument returns the group of an event with one more argument behind the
	// others. The group given, of EncodeEvent or EncodeRelayed, stays as it is, and
	// nothing of it is encoded again.
	AppendArgument(event []transport.Message, argument string) []transport.Message

	// NewDecoder returns a decoder for one connection.
	NewDecoder(limits Limits) Decoder

	// Split appends the arguments of a decoded Event or Ack to dst, each as it came.
	// Before those of an Event is its name, which is text in every format. It appends
	// max of them at most, or all if max is negative; more reports whether some are left.
	Split(dst [][]byte, p Packet, max int) (elements [][]byte, more bool)

	// Decode decodes a value of a decoded packet into target, a pointer: one of
	// Split, or the Data of a control packet. Attachments are those of the packet.
	// What is decoded belongs to the caller.
	Decode(value []byte, attachments [][]byte, target any) error

	// Refusal returns what a decoded ConnectError says: the members of an object that
	// are called message and data, of which data may be missing.
	Refusal(p Packet) (message string, data Value)

	// Failure returns the same of a decoded Ack that is an error: its single argument
	// is {"error":{"message":…,"data":…}}, where data may be missing and nothing else
	// may be there.
	Failure(p Packet) (message string, data Value, failed bool)

	Relay
}

// Relay converts between a Format and the form in which servers hand events to
// each other. It is asked only where a server has an adapter.
type Relay interface {
	// RelayEvent returns an event of EncodeEvent. It may share memory with it.
	RelayEvent(event []transport.Message) (Relayed, error)

	// RelayAck returns the arguments of a decoded Ack. They may share memory with it.
	RelayAck(p Packet) (Relayed, error)

	// EncodeRelayed is EncodeEvent for an event that another server has sent. An
	// error says that it is not one.
	EncodeRelayed(namespace string, id *uint64, event Relayed) ([]transport.Message, error)
}

// Relayed is an event or the arguments of an acknowledgement on the way between
// servers, which is the same whatever the format of their connections is.
type Relayed struct {
	Data        []byte   // a JSON array, the name of an event first, with placeholders, see [AppendPlaceholder]
	Attachments [][]byte // what the placeholders stand for
}

// Member is a member of the object in a Connect packet.
type Member struct {
	Name  string // of the member
	Value string // of it
}

// Decoder puts packets together from the messages of one connection, given to it
// in order. It is not safe for concurrent use.
type Decoder interface {
	// Decode takes the next message. complete reports whether it ends a packet. If
	// it does not, p is the packet as far as it has come, so that a caller may refuse
	// it early, and the rest is in the messages that follow.
	//
	// Packets share memory with their messages, but for a small part of a large one,
	// which is copied, and the payload of a Connect, which is kept without white space.
	// After an error the decoder has forgotten the packet it was collecting: the
	// protocol wants the connection closed then.
	Decode(m transport.Message) (p Packet, complete bool, err error)
}

// Limits bound what a [Decoder] accepts.
type Limits struct {
	// MaxAttachments of one packet. 0 means 10, negative means none.
	MaxAttachments int

	// MaxBytes of one message, which is the text of a packet or an attachment. 0 means
	// 1,000,000, negative means no limit.
	MaxBytes int

	// MaxAttachmentBytes of all attachments of one packet together. 0 means ten times
	// MaxBytes, negative means no limit.
	MaxAttachmentBytes int

	// MaxDepth is how deep arrays and objects of one packet may be nested. 0 means
	// 1000; more than 10,000 is taken as 10,000.
	MaxDepth int
}

// Value is an encoded value of a packet, kept until its type is known. The zero
// value is that of a packet without one.
type Value struct {
	Format      Format   // it is encoded in
	Data        []byte   // the value alone
	Attachments [][]byte // of the packet
}

// Decode decodes the value into target, a pointer. Where there is no value it
// leaves the target as it is.
func (v Value) Decode(target any) error {
	if len(v.Data) == 0 {
		return nil
	}
	return v.Format.Decode(v.Data, v.Attachments, target)
}
