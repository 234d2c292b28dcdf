// Package engineio is the wire format of Engine.IO protocol 4: packets, the
// payloads that HTTP long-polling joins them to, and the handshake. It is pure:
// no goroutine, no I/O, no state.
//
// A packet's encoded form is a [transport.Message], exactly as a WebSocket
// carries it, so that a queue of encoded packets fits whatever transport comes
// to drain it:
//
//	m := engineio.Encode(engineio.Packet{Type: engineio.TypeMessage, Data: []byte("hello")})
//	err := conn.Write(ctx, m)
//
// and back:
//
//	m, err := conn.Read(ctx)
//	p, err := engineio.Decode(m)
//
// # Polling
//
// [AppendPayload] joins encoded packets to the body of one request or response,
// [PayloadSize] tells beforehand what each of them takes, and [DecodePayload]
// takes a body apart.
//
// # Limitations
//
// Protocol 3 (Socket.IO 2) and the framing of WebTransport are not here.
//
// The documents: https://socket.io/docs/v4/engine-io-protocol/. Where they are
// silent, the npm package engine.io-parser is the reference.
package engineio
