package parser

import (
	"bytes"
	"fmt"
	"reflect"
	"unicode/utf8"

	"github.com/isosocket/isosocket/transport"
)

// maxDepth is how deep arrays and objects may be nested in what is encoded, the array
// of arguments included. Peers refuse deeper ones, see [Limits].
const maxDepth = 1000

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
}

// begin writes the header and the bracket of the array, which will hold size bytes.
func (e *encoder) begin(size int) {
	size += len(e.Namespace) + len(`2,[]`)
	if e.HasID {
		size += len("9007199254740991") // MaxID
	}
	e.text = append(appendText(make([]byte, 0, size), &e.Packet), '[')
}

// end writes the arguments and the end of the array, and returns the messages.
func (e *encoder) end(args []any) ([]transport.Message, error) {
	for i, arg := range args {
		if e.text[len(e.text)-1] != '[' || i > 0 {
			e.text = append(e.text, ',')
		}
		if err := e.arg(arg); err != nil {
			return nil, &EncodeError{Argument: i, Err: err}
		}
	}
	e.text = append(e.text, ']')
	if len(e.Attachments) > 0 {
		e.text = announce(e.text, 0, len(e.Attachments))
	}
	return group(e.text, e.Attachments), nil
}

func (e *encoder) arg(v any) error {
	switch v := v.(type) {
	case nil:
		e.text = append(e.text, "null"...)
		return nil
	case []byte:
		e.binary(v)
		return nil
	case string:
		e.string(v)
		return nil
	}
	var s swap
	shape := outgoing.shapeOf(reflect.TypeOf(v))
	if shape.walk {
		swapped, err := s.value(reflect.ValueOf(v), maxHops)
		if err != nil {
			return err
		}
		if swapped.IsValid() {
			v = swapped.Interface()
		}
	}
	start := len(e.text)
	if err := e.json(v); err != nil {
		return err
	}
	if len(s.found) > 0 {
		e.placeholders(start, &s)
	}
	if (shape.deep || shape.opaque) && nesting(e.text[start:])+1 > maxDepth {
		return fmt.Errorf("%w: limit %d", ErrDepth, maxDepth)
	}
	return nil
}

func (e *encoder) binary(b []byte) {
	if b == nil {
		e.text = append(e.text, "null"...)
		return
	}
	e.text = AppendPlaceholder(e.text, len(e.Attachments))
	e.Attachments = append(e.Attachments, bytes.Clone(b))
}

// string writes s as it stands if it can, which takes a tenth of what
// encoding/json takes for a long text.
func (e *encoder) string(s string) {
	start := len(e.text)
	e.text = append(e.text, '"')
	e.text = append(e.text, s...)
	if content := e.text[start+1:]; plain(content) < len(content) || !utf8.Valid(content) {
		e.text = e.text[:start]
		_ = e.json(s) // no string is refused
		return
	}
	e.text = append(e.text, '"')
}

// json writes what encoding/json makes of v.
func (e *encoder) json(v any) error {
	start := len(e.text)
	out, err := appendJSON(e.text, v)
	if err != nil {
		return err
	}
	// encoding/json checks the syntax of what a type marshals itself to, but not that. A
	// message with invalid UTF-8 would cost the connection.
	if !utf8.Valid(out[start:]) {
		return ErrUTF8
	}
	e.text = out
	return nil
}

// placeholders replaces the tokens in what was written since start. A placeholder
// is never longer than a token in quotation marks, so that it is done in place.
func (e *encoder) placeholders(start int, s *swap) {
	text := e.text[start:]
	e.text = e.text[:start]
	for {
		i := bytes.Index(text, s.tokens.secret[:])
		if i < 0 {
			e.text = append(e.text, text...)
			return
		}
		end := i + tokenText
		number, _ := s.tokens.number(text[i:end])
		e.text = append(e.text, text[:i-1]...)
		e.binary(s.found[number])
		text = text[end+1:]
	}
}

// nesting returns how deep arrays and objects are nested in valid JSON.
func nesting(text []byte) int {
	if len(text) < 2*maxDepth {
		return 0 // not worth a look: every level takes two brackets
	}
	depth, deepest := 0, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		case '"':
			i += 1 + plain(text[i+1:])
			for i+2 <= len(text) && text[i] == '\\' {
				i += 2 + plain(text[i+2:])
			}
		}
	}
	return deepest
}
