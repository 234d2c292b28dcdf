package parser

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"unicode/utf8"
)

// maxCopies bounds how much larger than the attachments themselves their copies
// in one argument may be. Encoders do not write a placeholder twice, and a peer that
// does could otherwise make megabytes into gigabytes.
const maxCopies = 4

var (
	errPlaceholder = errors.New("placeholder without an attachment")
	errCopies      = errors.New("too many placeholders for the same attachments")
)

// decodeArgument decodes one argument into target, a pointer.
func decodeArgument(raw []byte, attachments [][]byte, target any) error {
	if s, ok := target.(*string); ok && s != nil && isPlain(raw) {
		*s = string(raw[1 : len(raw)-1])
		return nil
	}
	if len(attachments) == 0 || !mayMark(raw) {
		return json.Unmarshal(raw, target)
	}
	d, err := newTokenDecoder(raw, attachments)
	if err != nil {
		return err
	}
	if len(d.places) == 0 {
		return json.Unmarshal(raw, target)
	}
	if t, ok := target.(*[]byte); ok && t != nil && d.whole() {
		*t = d.binary(0)
		return nil
	}
	v := reflect.ValueOf(target)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return json.Unmarshal(raw, target) // which refuses it
	}
	if incoming.shapeOf(v.Type()).opaque {
		d.try(v.Type().Elem())
	}
	err = json.Unmarshal(d.text(), target)
	if missed := d.value(v.Elem(), maxHops); err == nil {
		err = missed
	}
	return err
}

// isPlain reports whether an argument is a string that stands for itself. That it is
// JSON was checked when its packet was decoded, so that only escapes and UTF-8 are
// left to be looked for. json.Unmarshal looks at each byte five times, which would
// be most of what an event with a long text costs.
func isPlain(raw []byte) bool {
	return len(raw) >= 2 && raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw)
}

// tokenDecoder is the reverse of swap, for one argument that has placeholders:
// encoding/json gets to see tokens in their places, and what it made of the tokens
// is then replaced by the attachments.
type tokenDecoder struct {
	raw         []byte
	places      []Placeholder // the number of a token is its place
	attachments [][]byte
	tokens      tokens
	met         []bool // by place: the token was found in the target
	plain       []bool // by place: encoding/json gets base64 text instead of a token
}

func newTokenDecoder(raw []byte, attachments [][]byte) (*tokenDecoder, error) {
	d := &tokenDecoder{raw: raw, attachments: attachments}
	d.places = Placeholders(nil, raw)
	allowed := 0
	for _, a := range attachments {
		allowed += maxCopies * len(a)
	}
	for _, p := range d.places {
		if p.Num >= len(attachments) {
			return nil, errPlaceholder
		}
		if allowed -= len(attachments[p.Num]); allowed < 0 {
			return nil, errCopies
		}
	}
	flags := make([]bool, 2*len(d.places))
	d.met, d.plain = flags[:len(d.places)], flags[len(d.places):]
	return d, nil
}

// whole reports whether the argument is nothing but a placeholder.
func (d *tokenDecoder) whole() bool { return d.places[0].End-d.places[0].Start == len(d.raw) }

// binary returns what belongs in a place. Each place gets a copy, because the
// target owns it and other placeholders and handlers may have the same attachment.
func (d *tokenDecoder) binary(place int) []byte {
	return bytes.Clone(d.attachments[d.places[place].Num])
}

// try finds out which placeholders are for types that do their own JSON. A token
// could only confuse those, so they are shown base64 text, which is what
// encoding/json takes for binary values. It decodes into a value that is then
// thrown away, and whatever is met there is not for them.
func (d *tokenDecoder) try(t reflect.Type) {
	trial := reflect.New(t)
	_ = json.Unmarshal(d.text(), trial.Interface()) // an error will come up again
	_ = d.value(trial.Elem(), maxHops)
	for i, met := range d.met {
		d.plain[i] = !met
	}
}

// text returns the argument with tokens or base64 text in the place of placeholders.
func (d *tokenDecoder) text() []byte {
	size := len(d.raw) + len(d.places)*(tokenText+2)
	for i, p := range d.places {
		if d.plain[i] {
			size += base64.StdEncoding.EncodedLen(len(d.attachments[p.Num]))
		}
	}
	out, end := make([]byte, 0, size), 0
	for i, p := range d.places {
		out = append(out, d.raw[end:p.Start]...)
		out = append(out, '"')
		if d.plain[i] {
			out = base64.StdEncoding.AppendEncode(out, d.attachments[p.Num])
		} else {
			out = d.tokens.append(out, i)
		}
		out = append(out, '"')
		end = p.End
	}
	return append(out, d.raw[end:]...)
}
