package event

import (
	"errors"
	"fmt"

	"github.com/isosocket/isosocket/socketio/parser"
)

// ErrReserved is matched by the error for emitting an event whose name belongs to
// the library, see [parser.Reserved].
var ErrReserved = parser.ErrReserved

// ErrBehind is matched by the error of a Request whose answer cannot be read: so many
// events of the peer wait for the handlers of the socket that nothing is read from the
// connection. A handler that waits for an answer then holds up the others for ever, so
// it gets none.
var ErrBehind = errors.New("event: too many events wait for the handlers, no answer can be read")

// EncodeError says which argument could not be encoded, and why. Nothing was sent.
type EncodeError = parser.EncodeError

// DecodeError says which argument of an event, or of the acknowledgement of one,
// did not fit its target, and why.
type DecodeError struct {
	Event    string // its name
	Argument int    // counted without the name
	Err      error  // what does not fit
}

// Error tells the argument, the event and the cause.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("event: decode argument %d of %q: %v", e.Argument, e.Event, e.Err)
}

// Unwrap returns Err.
func (e *DecodeError) Unwrap() error { return e.Err }

// HandlerError says that a handler, or another function given to one of the ends,
// failed.
type HandlerError struct {
	Event string // its name; of another function what it was called for, such as "connect"
	Err   error  // what the handler returned or panicked with
	Stack []byte // of the goroutine that panicked; nil if the handler returned Err
}

// Error tells the event and the cause, without the stack.
func (e *HandlerError) Error() string {
	if e.Stack != nil {
		return fmt.Sprintf("event: handler of %q panicked: %v", e.Event, e.Err)
	}
	return fmt.Sprintf("event: handler of %q: %v", e.Event, e.Err)
}

// Unwrap returns Err.
func (e *HandlerError) Unwrap() error { return e.Err }

// DisconnectError says that a socket is, or has meanwhile been, disconnected.
type DisconnectError struct {
	Reason Reason // in the words of the protocol
	Err    error  // the cause, where more than the reason is known
}

// Error tells the reason and the cause.
func (e *DisconnectError) Error() string {
	if e.Err == nil {
		return "event: disconnected: " + string(e.Reason)
	}
	return fmt.Sprintf("event: disconnected: %s: %v", e.Reason, e.Err)
}

// Unwrap returns Err.
func (e *DisconnectError) Unwrap() error { return e.Err }
