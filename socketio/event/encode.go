package event

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"

	"github.com/isosocket/isosocket/socketio/parser"
)

// MaxDepth is how deep arrays and objects may be nested in a packet, its array of
// arguments included. Peers refuse deeper ones, see [parser.Limits].
const MaxDepth = 1000

var (
	// ErrDepth is matched by the error for a value that is nested deeper than
	// MaxDepth, or that contains itself.
	ErrDepth = errors.New("nested too deep")
	// ErrUTF8 is matched by the error for a value whose JSON is not valid UTF-8.
	ErrUTF8 = errors.New("invalid UTF-8")
)

// EncodeEvent returns prefix followed by the text message of the event p, and gives
// p the Data, which is part of the text, and the Attachments that the name and the
// arguments make. The caller has set the rest of p. The error matches [ErrReserved]
// for a name that the library keeps for itself. Everything else is as with
// [EncodeAck].
func EncodeEvent(codec Codec, prefix []byte, p *parser.Packet, name string, args ...any) (text []byte, err error) {
	if parser.Reserved(name) {
		return nil, fmt.Errorf("%w: %q", ErrReserved, name)
	}
	e := newEncoder(codec, prefix, p, len(name)+len(`""`)+sizeOf(args))
	if err := e.string(name); err != nil {
		return nil, fmt.Errorf("event: encode name %q: %w", name, err)
	}
	return e.packet(p, args)
}

// EncodeAck returns prefix followed by the text message of the acknowledgement p,
// and gives p the Data and the Attachments that the arguments make. prefix is what
// the layer below has before a packet; it is copied. A nil codec means [JSON].
//
// A []byte anywhere in an argument, of a named type too, becomes a placeholder for
// an attachment, in the order of the JSON; a nil one becomes null. Types that
// marshal themselves are left alone, and arrays of bytes are arrays of numbers. The
// arguments are not changed, and neither text nor attachments share memory with them.
//
// The error is an [*EncodeError], and p has no data then.
func EncodeAck(codec Codec, prefix []byte, p *parser.Packet, args ...any) (text []byte, err error) {
	e := newEncoder(codec, prefix, p, sizeOf(args))
	return e.packet(p, args)
}

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
// without attachments until the end, and the array of its arguments.
type encoder struct {
	codec       Codec
	out         []byte
	header      int // where it begins in out
	array       int // where that begins
	attachments [][]byte
}

// newEncoder returns an encoder with room for the message, which has size bytes
// between the brackets.
func newEncoder(codec Codec, prefix []byte, p *parser.Packet, size int) encoder {
	p.Data, p.Attachments = nil, nil
	size += len(prefix) + len(p.Namespace) + len(`2,[]`)
	if p.HasID {
		size += len("9007199254740991") // MaxID
	}
	out := append(make([]byte, 0, size), prefix...)
	out = parser.Append(out, p)
	return encoder{codec: orJSON(codec), out: append(out, '['), header: len(prefix), array: len(out)}
}

// packet writes the arguments and the end of the array, and completes the packet.
func (e *encoder) packet(p *parser.Packet, args []any) (text []byte, err error) {
	for i, arg := range args {
		if len(e.out) > e.array+1 {
			e.out = append(e.out, ',')
		}
		if err := e.arg(arg); err != nil {
			return nil, &EncodeError{Argument: i, Err: err}
		}
	}
	text = append(e.out, ']')
	size := len(text) - e.array
	if len(e.attachments) > 0 {
		text = parser.Announce(text, e.header, len(e.attachments))
	}
	p.Data, p.Attachments = text[len(text)-size:], e.attachments
	return text, nil
}

func (e *encoder) arg(v any) error {
	switch v := v.(type) {
	case nil:
		e.out = append(e.out, "null"...)
		return nil
	case []byte:
		e.binary(v)
		return nil
	case string:
		return e.string(v)
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
	start := len(e.out)
	if err := e.json(v); err != nil {
		return err
	}
	if len(s.found) > 0 {
		e.placeholders(start, &s)
	}
	if (shape.deep || shape.opaque) && nesting(e.out[start:])+1 > MaxDepth {
		return fmt.Errorf("%w: limit %d", ErrDepth, MaxDepth)
	}
	return nil
}

func (e *encoder) binary(b []byte) {
	if b == nil {
		e.out = append(e.out, "null"...)
		return
	}
	e.out = parser.AppendPlaceholder(e.out, len(e.attachments))
	e.attachments = append(e.attachments, bytes.Clone(b))
}

// string writes s as it stands if it can, which takes a tenth of what
// encoding/json takes for a long text.
func (e *encoder) string(s string) error {
	start := len(e.out)
	e.out = append(e.out, '"')
	e.out = append(e.out, s...)
	if content := e.out[start+1:]; parser.Plain(content) < len(content) || !utf8.Valid(content) {
		e.out = e.out[:start]
		return e.json(s)
	}
	e.out = append(e.out, '"')
	return nil
}

// json writes what the codec makes of v.
func (e *encoder) json(v any) error {
	start := len(e.out)
	out, err := appendJSON(e.codec, e.out, v)
	if err != nil {
		return err
	}
	// encoding/json checks the syntax of what a type marshals itself to, but not that. A
	// message with invalid UTF-8 would cost the connection.
	if !utf8.Valid(out[start:]) {
		return ErrUTF8
	}
	e.out = out
	return nil
}

// placeholders replaces the tokens in what was written since start. A placeholder
// is never longer than a token in quotation marks, so that it is done in place.
func (e *encoder) placeholders(start int, s *swap) {
	text := e.out[start:]
	e.out = e.out[:start]
	for {
		i := bytes.Index(text, s.tokens.secret[:])
		if i < 0 {
			e.out = append(e.out, text...)
			return
		}
		end := i + tokenText
		number, _ := s.tokens.number(text[i:end])
		e.out = append(e.out, text[:i-1]...)
		e.binary(s.found[number])
		text = text[end+1:]
	}
}

// nesting returns how deep arrays and objects are nested in valid JSON.
func nesting(text []byte) int {
	if len(text) < 2*MaxDepth {
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
			i += 1 + parser.Plain(text[i+1:])
			for i+2 <= len(text) && text[i] == '\\' {
				i += 2 + parser.Plain(text[i+2:])
			}
		}
	}
	return deepest
}
