package parser

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

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
		if err := e.arg(arg); err != nil {
			return nil, &EncodeError{Argument: i, Err: err}
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
	replaceLoneSurrogates(out[start:])
	e.text = out
	return nil
}

// replaceLoneSurrogates makes escapes in JSON that stand for half a character U+FFFD,
// which encoding/json takes them for. They come from types with JSON of their own, such
// as a json.RawMessage that was received, and many a parser refuses the text for them.
// https://www.rfc-editor.org/rfc/rfc8259#section-8.2
func replaceLoneSurrogates(text []byte) {
	for i := 0; ; {
		backslash := bytes.IndexByte(text[i:], '\\')
		if backslash < 0 {
			return
		}
		i += backslash
		switch r := escapedRune(text[i:]); {
		case r < 0:
			i += len(`\n`)
		case utf16.IsSurrogate(r) && utf16.DecodeRune(r, escapedRune(text[i+len(`\u0000`):])) != utf8.RuneError:
			i += 2 * len(`\u0000`)
		default:
			if utf16.IsSurrogate(r) {
				copy(text[i:], `\ufffd`)
			}
			i += len(`\u0000`)
		}
	}
}

// escapedRune returns what a text that begins with \u and four digits stands for, or -1.
func escapedRune(text []byte) rune {
	if len(text) < len(`\u0000`) || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
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
