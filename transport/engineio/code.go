package engineio

import (
	"slices"
	"strconv"

	"github.com/isosocket/isosocket/transport/jsontext"
)

// Code numbers why a server rejects a request. It stands in the JSON of the answer
// to a polling request; a rejected WebSocket handshake has only the text.
// engine.io/lib/server.ts errors
type Code int

const (
	CodeNone             Code = -1 // not an answer of an Engine.IO server
	CodeTransportUnknown Code = 0  // there is no such transport, or it is switched off
	CodeSessionUnknown   Code = 1  // there is no session of that id, any more
	CodeBadMethod        Code = 2  // a handshake that is not a GET
	CodeBadRequest       Code = 3  // a request that does not fit its session
	CodeForbidden        Code = 4  // the application rejects the client
	CodeVersion          Code = 5  // another revision of the protocol
)

var codeTexts = []string{
	CodeTransportUnknown: "Transport unknown",
	CodeSessionUnknown:   "Session ID unknown",
	CodeBadMethod:        "Bad handshake method",
	CodeBadRequest:       "Bad request",
	CodeForbidden:        "Forbidden",
	CodeVersion:          "Unsupported protocol version",
}

// String returns the text that a server sends with the code.
func (c Code) String() string {
	if c < 0 || int(c) >= len(codeTexts) {
		return "no code"
	}
	return codeTexts[c]
}

// AppendCode appends the body of an answer that rejects a polling request.
func AppendCode(dst []byte, c Code, message string) []byte {
	dst = strconv.AppendInt(append(dst, `{"code":`...), int64(c), 10)
	dst = jsontext.AppendQuoted(append(dst, `,"message":`...), message)
	return append(dst, '}')
}

// ParseCode reads the body of an answer that rejects a request, JSON or the bare
// text of a code. It returns [CodeNone] for any other.
func ParseCode(body []byte) (c Code, message string) {
	if i := slices.Index(codeTexts, string(body)); i >= 0 {
		return Code(i), codeTexts[i]
	}
	if !jsontext.Valid(body, maxHandshakeDepth) {
		return CodeNone, ""
	}
	c = CodeNone
	if !jsontext.Members(body, func(name string, value []byte) (ok bool) {
		switch name {
		case "code":
			var n int
			n, err := strconv.Atoi(string(value))
			c, ok = Code(n), err == nil
		case "message":
			message, ok = text(value)
		default:
			ok = true
		}
		return ok
	}) || c == CodeNone {
		return CodeNone, ""
	}
	return c, message
}
