package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

var (
	// ErrVersion says that the server speaks another revision of the protocol, as
	// Socket.IO 2 does.
	ErrVersion = errors.New("the server speaks another revision of Engine.IO than 4 (Socket.IO 2?)")
	// ErrNoTransport says that the runtime has none of the transports asked for.
	ErrNoTransport = errors.New("engine: none of the transports is available in this runtime")

	errServerClosed = errors.New("engine: closed by the server")
)

// Codes of a [StatusError], as the server numbers them.
// engine.io/lib/server.ts errors
const (
	CodeNone             = -1 // the answer has no code: it is not an Engine.IO server's
	CodeTransportUnknown = 0
	CodeSessionUnknown   = 1
	CodeBadMethod        = 2
	CodeBadRequest       = 3
	CodeForbidden        = 4
	CodeVersion          = 5
)

// codeMessages are what a refused WebSocket carries in place of the codes.
var codeMessages = []string{
	CodeTransportUnknown: "Transport unknown",
	CodeSessionUnknown:   "Session ID unknown",
	CodeBadMethod:        "Bad handshake method",
	CodeBadRequest:       "Bad request",
	CodeForbidden:        "Forbidden",
	CodeVersion:          "Unsupported protocol version",
}

// StatusError tells of an HTTP answer other than the one wanted.
type StatusError struct {
	Status  int    // of HTTP
	Code    int    // of Engine.IO, CodeNone if the answer has none
	Message string // of the server, or the beginning of its answer
}

// Error tells the status and what the server says.
func (e *StatusError) Error() string {
	switch {
	case e.Code != CodeNone:
		return fmt.Sprintf("HTTP status %d, code %d: %s", e.Status, e.Code, e.Message)
	case e.Message != "":
		return fmt.Sprintf("HTTP status %d: %q", e.Status, e.Message)
	}
	return fmt.Sprintf("HTTP status %d", e.Status)
}

// Is makes an answer with CodeVersion match [ErrVersion].
func (e *StatusError) Is(target error) bool { return target == ErrVersion && e.Code == CodeVersion }

func newStatusError(status int, body []byte) *StatusError {
	e := &StatusError{Status: status, Code: CodeNone, Message: excerpt(body)}
	var answer struct {
		Code    *int
		Message string
	}
	if json.Unmarshal(body, &answer) == nil && answer.Code != nil {
		e.Code, e.Message = *answer.Code, answer.Message
	} else if i := slices.Index(codeMessages, string(body)); i >= 0 {
		e.Code = i
	}
	return e
}

// AnswerError tells that what answered is not Engine.IO: a wrong address, or a
// proxy that answers in the server's place.
type AnswerError struct {
	ContentType string // empty for a WebSocket, or when not told
	Body        string // the beginning of the answer
	Err         error  // what is wrong with it, if it looked like a packet
}

// Error tells how the answer begins.
func (e *AnswerError) Error() string {
	text := "the answer is not Engine.IO"
	if e.ContentType != "" {
		text += " (" + e.ContentType + ")"
	}
	text += fmt.Sprintf(": %q", e.Body)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns Err.
func (e *AnswerError) Unwrap() error { return e.Err }

// excerpt returns the beginning of an answer, enough to recognize it.
func excerpt(answer []byte) string {
	const enough = 120
	return string(answer[:min(len(answer), enough)])
}

func wrap(doing string, err error) error { return fmt.Errorf("engine: %s: %w", doing, err) }
