package engineio

import (
	"bytes"
	"encoding/base64"

	"github.com/isosocket/isosocket/transport"
)

// Type is the first character of an encoded packet.
// https://socket.io/docs/v4/engine-io-protocol/#packet-encoding
type Type byte

const (
	TypeOpen    Type = '0' // the server begins a session; data is the [Handshake]
	TypeClose   Type = '1' // either side ends the session
	TypePing    Type = '2' // heartbeat of the server; "2probe" tests a new transport, sent by the client
	TypePong    Type = '3' // answer to a ping, with its data
	TypeMessage Type = '4' // data of the layer above
	TypeUpgrade Type = '5' // the client moves the session to the probed transport
	TypeNoop    Type = '6' // ends a polling request that waits
)

// String returns the type's name in the protocol document, or its character quoted.
func (t Type) String() string {
	if t < TypeOpen || t > TypeNoop {
		return "unknown " + string(rune(t))
	}
	return [...]string{"open", "close", "ping", "pong", "message", "upgrade", "noop"}[t-TypeOpen]
}

// Packet is the unit of the protocol.
type Packet struct {
	Type   Type   // what the packet is for
	Binary bool   // Data is bytes, not text; only a message can be binary
	Data   []byte // may be empty
}

// Encode returns the packet as a WebSocket carries it: text is the type followed
// by the data, binary is the data alone. The result shares the data with p.
// https://socket.io/docs/v4/engine-io-protocol/#websocket-1
func Encode(p Packet) transport.Message {
	if p.Binary {
		return transport.Message{Data: p.Data, Binary: true}
	}
	return transport.Message{Lead: byte(p.Type), Data: p.Data}
}

// Decode returns the packet that a WebSocket message carries. Its Data is part
// of the message's Data, except for base64 ("b" and the bytes), which a peer
// without binary frames sends in a text message: that is decoded into a new slice.
//
// The error is a [*SyntaxError]. Whether text is valid UTF-8 is not looked at: a
// WebSocket has refused anything else.
func Decode(m transport.Message) (Packet, error) {
	switch {
	case m.Binary:
		return Packet{Type: TypeMessage, Binary: true, Data: m.Data}, nil
	case m.Lead != 0:
		return decodeTyped(m.Lead, m.Data, 0)
	case len(m.Data) == 0:
		return Packet{}, &SyntaxError{Err: ErrEmpty}
	}
	return decodeTyped(m.Data[0], m.Data[1:], 0)
}

// decodeTyped decodes the text form of a packet, which begins at offset in what was
// received: its first character and the rest.
func decodeTyped(first byte, rest []byte, offset int) (Packet, error) {
	switch t := Type(first); {
	case t >= TypeOpen && t <= TypeNoop:
		return Packet{Type: t, Data: rest}, nil
	case t == base64Mark:
		data, at := decodeBase64(rest)
		if at >= 0 {
			return Packet{}, &SyntaxError{Offset: offset + 1 + at, Err: ErrBase64}
		}
		return Packet{Type: TypeMessage, Binary: true, Data: data}, nil
	default:
		return Packet{}, &SyntaxError{Offset: offset, Err: ErrType}
	}
}

// base64Mark stands in place of the type before a binary message that travels as text.
// https://socket.io/docs/v4/engine-io-protocol/#http-long-polling-1
const base64Mark = 'b'

// Every known peer writes the padding; it is not asked for, because it tells nothing.
var unpadded = base64.RawStdEncoding.Strict()

// decodeBase64 returns the decoded bytes, and the offset of what is wrong or -1.
func decodeBase64(text []byte) (data []byte, at int) {
	// encoding/base64 skips line breaks, no peer writes any.
	for _, lineBreak := range []byte("\r\n") {
		if i := bytes.IndexByte(text, lineBreak); i >= 0 {
			return nil, i
		}
	}
	if len(text)%4 == 0 {
		for range 2 {
			text = bytes.TrimSuffix(text, []byte("="))
		}
	}
	data = make([]byte, unpadded.DecodedLen(len(text)))
	n, err := unpadded.Decode(data, text)
	if err != nil {
		return nil, int(err.(base64.CorruptInputError))
	}
	return data[:n], -1
}
