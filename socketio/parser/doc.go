// Package parser is the wire format of Socket.IO protocol 5: packets, and the
// attachments that carry their binary values. It is pure: no goroutine, no I/O.
//
// [Append] writes the text message of a packet. Its attachments follow as one
// binary message each:
//
//	text := parser.Append([]byte("4"), &p) // behind the type of the Engine.IO message packet
//
// A [Decoder] puts packets together from the messages of a connection:
//
//	var d parser.Decoder
//	p, complete, err := d.Text(data)   // for each text message
//	p, complete, err := d.Binary(data) // for each binary one
//
// # Data
//
// A packet's Data stays JSON, and part of the message it came in. [Split] takes
// the arguments of an event or an acknowledgement apart, [Placeholders] finds
// where the attachments belong.
//
// # What is refused
//
// A decoded packet needs no further check: Data is valid JSON of a kind that its
// type allows, nested no deeper than the limit, an event has a name that is not
// [Reserved], and every placeholder names an attachment. Memory is spent on what
// has arrived, never on what was announced. Strings are not checked for valid
// UTF-8, which the transport has done.
//
// The document is https://socket.io/docs/v4/socket-io-protocol/. Where it is
// silent, the npm package socket.io-parser is the reference, except where that
// guesses: numbers in the header must be plain decimal, data must not be missing,
// and a placeholder has its two members and no other.
package parser
