package parser

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/jsontext"
)

// JSON is the [Format] of the protocol document: text with JSON in it, followed by
// one binary message an attachment.
//
// JSON is what encoding/json writes, but HTML, U+2028 and U+2029 are not escaped, which
// JSON.stringify does not do either, and what a type or a json.RawMessage has as JSON keeps
// its white space. A []byte anywhere in an argument, of a named type too, becomes
// a placeholder for an attachment, in the order of the JSON; a nil one becomes null.
// Arrays of bytes are arrays of numbers. Types that marshal or unmarshal themselves
// know nothing of attachments: they write their own JSON, and read base64 text in
// place of a binary value. In the data of a ConnectError, which has no attachments,
// binary values are base64 text.
type JSON struct {
	// MaxAttachments bounds the attachments of a packet that is encoded, because a peer
	// that takes no more hangs up on it. 0 means 10, negative means no bound.
	MaxAttachments int
}

var _ Format = JSON{}

// EncodeEvent implements [Format]. What it cannot encode is an [*EncodeError].
func (j JSON) EncodeEvent(namespace string, id *uint64, name string, args []any) ([]transport.Message, error) {
	p := Packet{Type: Event, Namespace: namespace}
	if id != nil {
		p.ID, p.HasID = *id, true
	}
	e := newEncoder(j, p, name, args)
	defer e.release()
	return e.end(args)
}

// EncodeAck implements [Format].
func (j JSON) EncodeAck(namespace string, id uint64, args []any) ([]transport.Message, error) {
	e := newEncoder(j, Packet{Type: Ack, Namespace: namespace, ID: id, HasID: true}, "", args)
	defer e.release()
	return e.end(args)
}

// EncodeControl implements [Format].
func (JSON) EncodeControl(t Type, namespace string, payload any, members ...Member) ([]transport.Message, error) {
	e := encoder{base64: t != Connect}
	if payload != nil {
		if err := e.any(payload); err != nil {
			return nil, err
		}
		if t == Connect && (e.text[0] != '{' || len(e.Attachments) > 0) {
			return nil, fmt.Errorf("%w: not an object, or with binary values", ErrPayload)
		}
	}
	p := Packet{Type: t, Namespace: namespace, Data: withMembers(e.text, members)}
	return group(appendText(nil, &p), nil), nil
}

// withMembers puts the members in front of those of an object, so that of two with
// the same name the one that is there already wins.
func withMembers(object []byte, members []Member) []byte {
	if len(members) == 0 {
		return object
	}
	var e encoder
	separator := byte('{')
	for _, m := range members {
		e.text = append(e.text, separator)
		e.quote(m.Name)
		e.text = append(e.text, ':')
		e.quote(m.Value)
		separator = ','
	}
	if len(object) > len("{}") {
		return append(append(e.text, ','), object[1:]...)
	}
	return append(e.text, '}')
}

// AppendArgument implements [Format].
func (JSON) AppendArgument(event []transport.Message, argument string) []transport.Message {
	text := event[0].Data
	e := encoder{text: make([]byte, 0, len(text)+len(argument)+len(`,""`))}
	e.text = append(e.text, text[:len(text)-1]...)
	e.text = append(e.text, ',')
	e.quote(argument)
	longer := slices.Clone(event)
	longer[0].Data = append(e.text, ']')
	return longer
}

// NewDecoder implements [Format].
func (JSON) NewDecoder(limits Limits) Decoder { return &jsonDecoder{limits: limits} }

// Split implements [Format].
func (JSON) Split(dst [][]byte, p Packet, max int) (elements [][]byte, more bool) {
	start := len(dst)
	dst, more = jsontext.Split(dst, p.Data, max)
	if p.Type != Event || max == 0 {
		return dst, more
	}
	if len(dst) == start {
		return append(dst, nil), false // no decoder has let this through
	}
	switch name := dst[start]; {
	case len(name) < len(`""`) || name[0] != '"': // an integer, as Node's EventEmitter takes them
	case bytes.IndexByte(name, '\\') < 0:
		dst[start] = name[1 : len(name)-1]
	default:
		dst[start] = []byte(jsontext.Unquote(name))
	}
	return dst, more
}

// Decode implements [Format].
func (JSON) Decode(value []byte, attachments [][]byte, target any) error {
	return decodeArgument(value, attachments, target)
}

// Refusal implements [Format]. Earlier servers send the bare message. What is neither
// says nothing.
func (j JSON) Refusal(p Packet) (message string, data Value) {
	if jsontext.At(p.Data, 0) == '"' {
		return jsontext.Unquote(p.Data), Value{Format: j}
	}
	var more []byte
	jsontext.Members(p.Data, func(name string, value []byte) bool {
		switch {
		case name == "message" && value[0] == '"':
			message = jsontext.Unquote(value)
		case name == "data":
			more = value
		}
		return true
	})
	return message, Value{Format: j, Data: more}
}

// Failure implements [Format].
func (j JSON) Failure(p Packet) (message string, data Value, failed bool) {
	var inline [1][]byte
	args, more := jsontext.Split(inline[:0], p.Data, 1)
	if len(args) != 1 || more || !bytes.Contains(args[0], []byte(`"error"`)) {
		return "", Value{}, false
	}
	return j.failure(args[0], p.Attachments)
}

func (j JSON) failure(arg []byte, attachments [][]byte) (message string, data Value, failed bool) {
	var reason, more []byte
	found := jsontext.Members(arg, func(name string, value []byte) bool {
		reason = value
		return name == "error"
	})
	var text []byte
	if !found || !jsontext.Members(reason, func(name string, value []byte) bool {
		switch name {
		case "message":
			text = value
		case "data":
			more = value
		default:
			return false
		}
		return true
	}) || jsontext.At(text, 0) != '"' {
		return "", Value{}, false
	}
	return jsontext.Unquote(text), Value{Format: j, Data: more, Attachments: attachments}, true
}

// RelayEvent implements [Relay].
func (JSON) RelayEvent(event []transport.Message) (Relayed, error) {
	var p Packet
	d := jsonDecoder{limits: Limits{MaxAttachments: math.MaxInt}}
	_, start, err := d.decodeHeader(&p, event[0].Data)
	if err == nil && p.Type != Event {
		start, err = 0, ErrType
	}
	if err != nil {
		return Relayed{}, &SyntaxError{Offset: start, Err: err}
	}
	r := Relayed{Data: event[0].Data[start:]}
	for _, attachment := range event[1:] {
		r.Attachments = append(r.Attachments, attachment.Data)
	}
	return r, nil
}

// RelayAck implements [Relay].
func (JSON) RelayAck(p Packet) (Relayed, error) { return Relayed{p.Data, p.Attachments}, nil }

// EncodeRelayed implements [Relay].
func (j JSON) EncodeRelayed(namespace string, id *uint64, event Relayed) ([]transport.Message, error) {
	p := Packet{Type: Event, Namespace: namespace, Data: event.Data, Attachments: event.Attachments}
	if id != nil {
		p.ID, p.HasID = *id, true
	}
	offset, err := checkData(&p, maxDepth, len(p.Attachments))
	if err == nil {
		err = j.checkAttachments(len(p.Attachments))
	}
	if err != nil {
		return nil, &SyntaxError{Offset: offset, Err: err}
	}
	return group(appendText(nil, &p), p.Attachments), nil
}

func (j JSON) checkAttachments(n int) error {
	limit := j.MaxAttachments
	if limit == 0 {
		limit = defaultMaxAttachments
	}
	if limit > 0 && n > limit {
		return fmt.Errorf("%w: limit %d", ErrTooManyAttachments, limit)
	}
	return nil
}

// group returns the messages of one packet.
func group(text []byte, attachments [][]byte) []transport.Message {
	messages := make([]transport.Message, 1, 1+len(attachments))
	messages[0].Data = text
	for _, attachment := range attachments {
		messages = append(messages, transport.Message{Data: attachment, Binary: true})
	}
	return messages
}
