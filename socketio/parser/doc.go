// Package parser is the wire format of Socket.IO protocol 5. A [Format] writes
// packets as the messages of a connection and reads them again; [JSON] is the one of
// the protocol document. It is pure: no goroutine, no I/O.
//
//	group, err := parser.JSON{}.EncodeEvent("/", nil, "news", []any{"text", 1})
//
// A [Decoder] puts packets together from the messages of a connection:
//
//	d := parser.JSON{}.NewDecoder(parser.Limits{})
//	p, complete, err := d.Decode(message) // for each message
//
// Both ends take a Format in their options. Whoever writes one runs it through
// package parsertest.
//
// # Values
//
// What a packet carries stays as it came, and part of its messages, until its type
// is known: Split takes the arguments of an event or an acknowledgement apart,
// Decode decodes one of them. A [Value] keeps one for later.
//
// # What is refused
//
// A decoded packet needs no further check: its values are well-formed and of a kind
// that the packet's type allows, nested no deeper than the limit, an event has a name
// that is not [Reserved], and every placeholder names an attachment. Memory is spent
// on what has arrived, never on what was announced, and a packet keeps little more
// alive than itself. Strings of text messages are not checked for valid UTF-8, which
// the transport has done.
//
// What a peer would refuse is not encoded: a handler may send on whatever it has
// received, and gets an [*EncodeError] where the receivers would hang up. An object
// with a member _placeholder cannot be sent beside binary values, because the protocol
// has no escape for it.
//
// # Between servers
//
// Servers hand events to each other as JSON with placeholders, whatever their
// clients speak. A [Relay] converts; [Split], [Placeholders] and [AppendPlaceholder]
// are for those who write one.
//
// The document is https://socket.io/docs/v4/socket-io-protocol/. Where it is
// silent, the npm package socket.io-parser is the reference, except where that
// guesses: numbers in the header must be plain decimal, data must not be missing, and
// the number of a placeholder is an integer.
package parser
