// Package event is what a program declares and handles, on either end of a
// Socket.IO connection: events with their types, the messages that arrive, errors
// and reasons.
//
// Declare an event once, in a package that both ends import:
//
//	var Posted = event.New[Post]("posted")
//
// Then send it with Posted.Emit(socket, post) and receive it with
// Posted.On(socket, func(ctx context.Context, p Post) error { … }). What it is sent
// with is an [Emitter]: a socket of the client or the server, a namespace, a
// broadcast. What it is received with is a [Listener]: a socket.
//
// # Acknowledgements
//
// A [Call] is an event that is answered. Handle returns the answer, Request waits
// for it as long as its context allows:
//
//	var Join = event.NewCall[JoinRequest, Members]("join")
//
//	Join.Handle(socket, func(ctx context.Context, r JoinRequest) (Members, error) { … })
//	members, err := Join.Request(ctx, socket, JoinRequest{Room: "lobby"})
//
// A handler that returns an [*AckError] answers with that error, which Request
// returns on the other side. No other error leaves the program. JavaScript sees
// the single argument {"error":{"message":…,"data":…}}.
//
// # Arguments
//
// The payload is the event's only argument. It is encoded by the rules of
// encoding/json, but without the escaping of HTML; JSON that is there already goes
// in, and comes out, as a json.RawMessage. A payload type that embeds [Positional]
// is several arguments, as JavaScript sends them with emit("move", x, y), and
// struct{} is none. What is on the wire is up to the Format that both ends of the
// connection have in their options: [parser.JSON], or another.
//
// # Binary values
//
// A []byte travels as an attachment instead of base64 text, wherever it is in an
// argument: in a struct, a slice, a map, an any, or in a type of its own. JavaScript
// gets a Buffer or an ArrayBuffer. It arrives as []byte in a []byte and in an any; a
// string does not take it. A nil []byte is null.
//
// Types that marshal or unmarshal themselves know nothing of attachments: they
// write their own JSON, and read base64 text in place of a binary value.
//
// # Without declarations
//
// A socket's On, Once and OnAny receive any event as a [Message], whose Decode
// decodes the arguments one by one and whose Ack answers it. Emit and Request send
// any arguments. The declared events are a layer above these methods, and the two
// mix freely.
//
// # Limitations
//
// A map or struct with a member _placeholder cannot be sent beside a []byte: the protocol
// has no way to tell it from the place of that. What is behind an embedded pointer to an
// unexported struct is not decoded where the pointer is nil, because it cannot be set.
package event
