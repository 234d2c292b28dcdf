package parser

import (
	"errors"
	"fmt"
)

// Causes of a [*SyntaxError], for errors.Is.
var (
	// ErrType says that the first character is none of the packet types.
	ErrType = errors.New("unknown packet type")
	// ErrAttachments says that a binary packet does not tell how many attachments follow, or that none does.
	ErrAttachments = errors.New("illegal attachment count")
	// ErrTooManyAttachments says that a packet announces more attachments than Limits.MaxAttachments. It is also matched
	// by the error for encoding more than JSON.MaxAttachments.
	ErrTooManyAttachments = errors.New("too many attachments")
	// ErrID says that an acknowledgement id is no integer that JavaScript can hold, or not in its shortest form.
	ErrID = errors.New("illegal acknowledgement id")
	// ErrJSON says that the data is not one JSON value.
	ErrJSON = errors.New("invalid JSON")
	// ErrDepth says that a value is nested deeper than Limits.MaxDepth, or, when it is
	// being encoded, that it is nested deeper than 1000 levels or contains itself.
	ErrDepth = errors.New("nested too deep")
	// ErrPayload says that data is missing, unexpected, or of a kind that the packet's type does not allow. It is also
	// matched by the error for encoding such data.
	ErrPayload = errors.New("invalid payload")
	// ErrEventName says that an event is named by something other than a string or an integer.
	ErrEventName = errors.New("invalid event name")
	// ErrReserved says that an event has a name that only the library itself may use, see [Reserved].
	ErrReserved = errors.New("reserved event name")
	// ErrArguments says that an event or acknowledgement has more than 10,000 arguments. It is also matched by the error
	// for encoding such a packet.
	ErrArguments = errors.New("too many arguments")
	// ErrPlaceholder says that a placeholder does not tell which attachment belongs there. It is also matched by the
	// error for encoding, beside binary values, an object that peers would take for a placeholder.
	ErrPlaceholder = errors.New("invalid attachment placeholder")
)

// ErrUnsupported is matched by the error for encoding a value that no JSON stands for: a
// channel, a function, a complex number, a map with other keys than text and integers, an
// infinite number or one that is none.
var ErrUnsupported = errors.New("no JSON stands for it")

// ErrTarget is returned for a target of decoding that is not a pointer, or nil.
var ErrTarget = errors.New("parser: the target is not a pointer, or nil")

// ErrUTF8 is matched by the error for encoding a value whose JSON is not valid UTF-8.
var ErrUTF8 = errors.New("invalid UTF-8")

var (
	// ErrTooLarge is matched by the error for a message that exceeds Limits.MaxBytes, and for attachments that together
	// exceed Limits.MaxAttachmentBytes.
	ErrTooLarge = errors.New("parser: packet too large")
	// ErrUnexpectedText is returned for a text message while attachments of a packet are still to come.
	ErrUnexpectedText = errors.New("parser: text message in place of an attachment")
	// ErrUnexpectedBinary is returned for a binary message that no packet has announced.
	ErrUnexpectedBinary = errors.New("parser: binary message without a packet it belongs to")
)

// SyntaxError says what is wrong with a message, and where.
type SyntaxError struct {
	Offset int   // of the offending byte in the message
	Err    error // one of the causes above, or wraps one
}

// Error tells the offset and the cause.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("parser: decode: offset %d: %v", e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *SyntaxError) Unwrap() error { return e.Err }

// EncodeError says which argument of an event or an acknowledgement could not be
// encoded, and why.
type EncodeError struct {
	Argument int    // counted without the event's name
	Path     string // to the value in it, like ".items[3].price"; empty for the argument itself
	Err      error  // of a type's own method, or one that matches ErrUnsupported, ErrDepth, ErrUTF8, ErrArguments, ErrPlaceholder or ErrTooManyAttachments
}

// Error tells the argument, the path and the cause.
func (e *EncodeError) Error() string {
	return fmt.Sprintf("parser: encode argument %d%s: %v", e.Argument, e.Path, e.Err)
}

// Unwrap returns the cause.
func (e *EncodeError) Unwrap() error { return e.Err }

// TypeError says that a value that was received does not fit the Go type that it is to be
// decoded into.
type TypeError struct {
	Path   string // to the value in the argument, like ".items[3].price"; empty for the argument itself
	Offset int    // of the value in the JSON of the argument
	Value  string // what it is: "null", "bool", "string", "number 1.5", "array", "object" or "binary"
	Type   string // that it does not fit
	Err    error  // what else there is to say; may be nil
}

// Error tells the path, the value and the type.
func (e *TypeError) Error() string {
	text := "parser: " + e.Value + " does not fit " + e.Type
	if e.Path != "" {
		text += " at " + e.Path
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns what else there is to say.
func (e *TypeError) Unwrap() error { return e.Err }
