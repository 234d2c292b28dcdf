package event

import (
	"errors"
	"fmt"
)

// ErrReserved is matched by the error for emitting an event whose name belongs
// to the library, see [parser.Reserved].
var ErrReserved = errors.New("event: reserved event name")

// EncodeError tells which argument could not be encoded, and why. Nothing was sent.
type EncodeError struct {
	Argument int   // counted without the event's name
	Err      error // of the codec, or one that matches ErrDepth
}

// Error tells the argument and the cause.
func (e *EncodeError) Error() string {
	return fmt.Sprintf("event: encode argument %d: %v", e.Argument, e.Err)
}

// Unwrap returns Err.
func (e *EncodeError) Unwrap() error { return e.Err }

// DecodeError tells which argument of an event, or of the acknowledgement of one,
// did not fit its target, and why.
type DecodeError struct {
	Event    string // its name
	Argument int    // counted without the name
	Err      error  // of the codec, or what else does not fit
}

// Error tells the argument, the event and the cause.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("event: decode argument %d of %q: %v", e.Argument, e.Event, e.Err)
}

// Unwrap returns Err.
func (e *DecodeError) Unwrap() error { return e.Err }

// HandlerError tells that a handler failed.
type HandlerError struct {
	Event string // its name
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

// DisconnectError tells that a socket is, or has meanwhile been, disconnected.
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
