package parser

import (
	"fmt"

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

// sizeOf returns how long the JSON of the arguments is, exactly if they are strings
// that stand for themselves. For other types it is a guess that suits small ones.
func sizeOf(args []any) int {
	const guess = 64
	size := 0
	for _, arg := range args {
		if s, ok := arg.(string); ok {
			size += len(s) + len(`,""`)
		} else {
			size += guess
		}
	}
	return size
}

// encoder is one packet being written: its header, which is that of a packet
// without attachments until the end, and the array of its arguments. The data of a
// control packet is written by an encoder of its own.
type encoder struct {
	Packet        // the header, and the attachments so far
	text   []byte // the message so far
	array  int    // where the arguments' array begins in it
	format JSON

	base64 bool         // there are no attachments: binary values are text
	depth  int          // of the arrays and objects that are open
	hops   int          // pointers and interfaces on the way to the value
	names  []plan.Named // of members of the maps that are open
}

// begin writes the header and the bracket of the array, which will hold size bytes.
func (e *encoder) begin(size int) {
	size += len(e.Namespace) + len(`2,[]`)
	if e.HasID {
		size += len("9007199254740991") // MaxID
	}
	e.text = appendText(make([]byte, 0, size), &e.Packet)
	e.array = len(e.text)
	e.text = append(e.text, '[')
	e.depth = 1
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
	return group(e.text, e.Attachments), nil
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
