package engineclient

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/engineio/internal/session"
)

var (
	// ErrClosed is returned by Send for a session that is closing or closed.
	ErrClosed = session.ErrClosed
	// ErrFull is returned by Send for messages that do not fit into the send buffer.
	ErrFull = session.ErrFull
	// ErrDropped is returned by Send for volatile messages that cannot leave at once.
	ErrDropped = session.ErrDropped
	// ErrExpired is returned by Send when the heartbeat is overdue: the messages were
	// not taken, and the session ends.
	ErrExpired = session.ErrExpired

	// ErrVersion says that the server speaks another revision of the protocol, as
	// Socket.IO 2 does.
	ErrVersion = errors.New("the server speaks another revision of Engine.IO (Socket.IO 2?)")
	// ErrNoTransport says that the runtime has none of the transports asked for.
	ErrNoTransport = errors.New("engineio: none of the transports is available in this runtime")
)

// StatusError tells of an HTTP answer other than the one wanted.
type StatusError struct {
	Status  int           // of HTTP
	Code    engineio.Code // of Engine.IO, CodeNone if the answer has none
	Message string        // of the server, or the beginning of its answer

	RetryAfter time.Duration // how long the server wants to be left alone; 0 when not told
}

// Error tells the status and what the server says.
func (e *StatusError) Error() string {
	switch {
	case e.Code != engineio.CodeNone:
		return fmt.Sprintf("HTTP status %d, code %d: %s", e.Status, int(e.Code), e.Message)
	case e.Message != "":
		return fmt.Sprintf("HTTP status %d: %q", e.Status, e.Message)
	}
	return fmt.Sprintf("HTTP status %d", e.Status)
}

// Is makes an answer with CodeVersion match [ErrVersion].
func (e *StatusError) Is(target error) bool {
	return target == ErrVersion && e.Code == engineio.CodeVersion
}

func newStatusError(status int, body []byte, retryAfter time.Duration) *StatusError {
	e := &StatusError{Status: status, RetryAfter: retryAfter}
	e.Code, e.Message = engineio.ParseCode(body)
	if status != 400 && !bytes.HasPrefix(body, []byte("{")) {
		// An Engine.IO server sends the text of a code with status 400 only. "Forbidden"
		// with 403 is what others say. engine.io/lib/server.ts abortUpgrade
		e.Code = engineio.CodeNone
	}
	if e.Code == engineio.CodeNone {
		e.Message = excerpt(body)
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
