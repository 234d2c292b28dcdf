package event

import (
	"errors"
	"fmt"
	"math"

	"github.com/isosocket/isosocket/socketio/parser"
)

// MaxDepth is how deep arrays and objects may be nested in a packet, its array of
// arguments included. Peers refuse deeper ones, see parser.Limits.
const MaxDepth = 1000

// ErrDepth is matched by the error for a value that is nested deeper than
// MaxDepth, or that contains itself.
var ErrDepth = errors.New("nested too deep")

// EncodeEvent appends to dst the JSON array of an event: its name and its
// arguments. It fails with ErrReserved for a reserved name, and is
// EncodeArgs otherwise.
func EncodeEvent(codec Codec, dst []byte, name string, args ...any) (data []byte, attachments [][]byte, err error) {
	if parser.Reserved(name) {
		return nil, nil, fmt.Errorf("%w: %q", ErrReserved, name)
	}
	codec = orJSON(codec)
	dst = append(dst, '[')
	if dst, err = appendJSON(codec, dst, name); err != nil {
		return nil, nil, err
	}
	return appendArgs(codec, dst, args)
}

// EncodeArgs appends to dst the JSON array of arguments that an acknowledgement
// carries. A nil codec means [JSON].
//
// A []byte anywhere in an argument, in a type of its own too, becomes a
// placeholder for an attachment, in the order of the JSON; a nil one becomes
// null. Types that marshal themselves are left alone, and so are arrays. The
// arguments are not changed, and neither data nor attachments share memory with them.
//
// The error is an [*EncodeError]; nothing was appended then.
func EncodeArgs(codec Codec, dst []byte, args ...any) (data []byte, attachments [][]byte, err error) {
	return appendArgs(orJSON(codec), append(dst, '['), args)
}

func appendArgs(codec Codec, dst []byte, args []any) (data []byte, attachments [][]byte, err error) {
	for i, arg := range args {
		if dst[len(dst)-1] != '[' || i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendJSON(codec, dst, arg); err != nil {
			return nil, nil, &EncodeError{Argument: i, Err: err}
		}
	}
	_ = math.MaxInt
	return append(dst, ']'), attachments, nil
}
