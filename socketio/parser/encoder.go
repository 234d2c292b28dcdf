package parser

import (
	"fmt"
	"sync"

	"github.com/isosocket/isosocket/socketio/parser/plan"
	"github.com/isosocket/isosocket/transport"
)

// maxDepth is how deep arrays and objects may be nested in what is encoded, the array
// of arguments included. Peers refuse deeper ones, see [Limits].
const maxDepth = 1000

// maxArguments bounds the arguments of an event or acknowledgement. JavaScript spreads
// them on its stack, and each costs 24 bytes here once they are asked for: so they
// cost a quarter of the longest message that a server takes by default.
const maxArguments = 10_000

// maxElements bounds the elements of an array that was received: the name, and the
// offset that a server appends when it recovers connections, come on top.
const maxElements = maxArguments + 2

var (
	errArguments  = fmt.Errorf("%w: limit %d", ErrArguments, maxArguments)
	errMistakable = fmt.Errorf("%w: an object with a member _placeholder, which peers would take for one, beside binary values", ErrPlaceholder)
)

// sizeOf returns how long the JSON of the arguments is if that can be told: they are
// strings, which mostly stand for themselves, or binary.
func sizeOf(args []any) (size int, ok bool) {
	for _, arg := range args {
		switch v := arg.(type) {
		case string:
			size += len(v) + len(`,""`)
		case []byte:
			size += len(`,{"_placeholder":true,"num":10}`)
		default:
			return 0, false
		}
	}
	return size, true
}

// encoder is one packet being written: its header, which is that of a packet
// without attachments until the end, and the array of its arguments. The data of a
// control packet is written by an encoder of its own.
type encoder struct {
	Packet        // the header, and the attachments so far
	text   []byte // the message so far
	array  int    // where the arguments' array begins in it
	format JSON

	buffer []byte // that text may be written to
	again  bool   // it is

	base64 bool         // there are no attachments: binary values are text
	depth  int          // of the arrays and objects that are open
	hops   int          // pointers and interfaces on the way to the value
	names  []plan.Named // of members of the maps that are open
}

var encoders = sync.Pool{New: func() any { return new(encoder) }}

// newEncoder returns an encoder for an event or acknowledgement, which has written the
// header, the bracket of the array and the name of an event. Arguments of unknown size are
// written to memory that is used again, which release takes back.
func newEncoder(format JSON, p Packet, name string, args []any) *encoder {
	e := encoders.Get().(*encoder)
	e.Packet, e.format, e.depth = p, format, 1
	if size, ok := sizeOf(args); ok {
		size += len(`2,["",]`) + len(p.Namespace) + len(name)
		if p.HasID {
			size += len("9007199254740991") // MaxID
		}
		e.text = make([]byte, 0, size)
	} else {
		e.text, e.again = e.buffer[:0], true
	}
	e.text = appendText(e.text, &e.Packet)
	e.array = len(e.text)
	e.text = append(e.text, '[')
	if p.Type == Event {
		e.quote(name)
	}
	return e
}

// release ends the use of the encoder.
func (e *encoder) release() {
	const mostText, mostNames = 64 << 10, 1000 // that are kept
	var kept encoder
	if kept.buffer = e.buffer; e.again {
		kept.buffer = e.text
	}
	if cap(kept.buffer) > mostText {
		kept.buffer = nil
	}
	if cap(e.names) <= mostNames {
		kept.names = e.names[:0]
		clear(e.names[:cap(e.names)])
	}
	*e = kept
	encoders.Put(e)
}

// end writes the arguments and the end of the array, and returns the messages.
func (e *encoder) end(args []any) ([]transport.Message, error) {
	if len(args) > maxArguments {
		return nil, &EncodeError{Argument: maxArguments, Err: errArguments}
	}
	for i, arg := range args {
		if e.text[len(e.text)-1] != '[' || i > 0 {
			e.text = append(e.text, ',')
		}
		start, attachments := len(e.text), len(e.Attachments)
		if err := e.any(arg); err != nil {
			return nil, &EncodeError{Argument: i, Path: pathOf(e.text[start:]), Err: err}
		}
		if len(e.Attachments) > 0 {
			if err := e.check(i, start, attachments); err != nil {
				return nil, err
			}
		}
	}
	e.text = append(e.text, ']')
	if len(e.Attachments) > 0 {
		e.text = announce(e.text, 0, len(e.Attachments))
	}
	text := e.text
	if e.again {
		text = append(make([]byte, 0, len(text)), text...)
	}
	return group(text, e.Attachments), nil
}

// check looks at argument i of a packet with attachments, which begins at start and had
// so many before it: peers must find no more placeholders than were written, and not
// too many.
func (e *encoder) check(i, start, attachments int) error {
	if marks(e.text[start:]) > len(e.Attachments)-attachments {
		return &EncodeError{Argument: i, Err: errMistakable}
	}
	if attachments == 0 && mayMark(e.text[e.array:start]) { // so far there was nothing to take them for
		i := 0
		if e.Type == Event {
			i = -1 // the name
		}
		for _, element := range Split(nil, e.text[e.array:start]) {
			if marks(element) > 0 {
				return &EncodeError{Argument: i, Err: errMistakable}
			}
			i++
		}
	}
	if err := e.format.checkAttachments(len(e.Attachments)); err != nil {
		return &EncodeError{Argument: i, Err: err}
	}
	return nil
}

// marks returns how many members of objects are called _placeholder in JSON that was
// written here. JavaScript takes an object for a placeholder if that is true, others
// if it is anything like it, so that its value does not matter.
func marks(text []byte) int {
	if !mayMark(text) {
		return 0
	}
	s := placeholderScanner(text)
	s.value()
	return s.marks
}
