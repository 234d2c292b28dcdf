package engineio

import (
	"errors"
	"fmt"
)

// Causes of a [*SyntaxError], for errors.Is.
var (
	// ErrEmpty says that there is a packet without even a type.
	ErrEmpty = errors.New("empty packet")
	// ErrType says that the first character is none of the packet types.
	ErrType = errors.New("unknown packet type")
	// ErrBase64 says that a binary packet in text form is not standard base64.
	ErrBase64 = errors.New("invalid base64")
	// ErrUTF8 says that a payload is not text.
	ErrUTF8 = errors.New("invalid UTF-8")
	// ErrTooManyPackets says that a payload holds more packets than allowed.
	ErrTooManyPackets = errors.New("too many packets")
	// ErrHandshake says that the data of an open packet is not a usable handshake.
	ErrHandshake = errors.New("invalid handshake")
)

// SyntaxError tells what is wrong with received data, and where.
type SyntaxError struct {
	Offset int   // of the offending byte in the message or payload
	Err    error // one of the causes above, or wraps one
}

// Error tells the offset and the cause.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("engineio: decode: offset %d: %v", e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *SyntaxError) Unwrap() error { return e.Err }
