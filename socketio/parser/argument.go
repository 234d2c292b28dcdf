package parser

import (
	"bytes"
	"errors"
	"reflect"
	"sync"
	"unicode/utf8"

	"github.com/isosocket/isosocket/socketio/parser/plan"
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
	v := reflect.ValueOf(target)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return ErrTarget
	}
	d := readers.Get().(*reader)
	d.text = raw
	err := d.argument(v, attachments)
	d.release()
	return err
}

var readers = sync.Pool{New: func() any { return new(reader) }}

// release gives the reader back with what it has allocated for arrays and objects.
func (d *reader) release() {
	const most = 1000 // elements that are kept room for
	stack, pairs := d.stack[:0], d.pairs[:0]
	if cap(stack) > most || cap(pairs) > most {
		return
	}
	*d = reader{stack: stack, pairs: pairs}
	readers.Put(d)
}

// argument decodes the one value of the text into what v points to.
func (d *reader) argument(v reflect.Value, attachments [][]byte) (err error) {
	if len(attachments) > 0 && mayMark(d.text) {
		if d.places, err = placesIn(d.text, attachments); err != nil {
			return err
		}
		d.attachments = attachments
	}
	d.next()
	t := plan.Of(v.Type().Elem())
	if t.Unmarshal != plan.None {
		err = d.own(t, plan.RefOf(v.Elem()))
	} else {
		err = d.value(t, plan.RefOf(v.Elem()))
	}
	if err == nil {
		err = d.missed
	}
	return err
}

// placesIn returns the placeholders of an argument, if the attachments may be copied as
// often as they ask for.
func placesIn(raw []byte, attachments [][]byte) ([]Placeholder, error) {
	places := Placeholders(nil, raw)
	allowed := 0
	for _, a := range attachments {
		allowed += maxCopies * len(a)
	}
	for _, p := range places {
		if p.Num >= len(attachments) {
			return nil, errPlaceholder
		}
		if allowed -= len(attachments[p.Num]); allowed < 0 {
			return nil, errCopies
		}
	}
	return places, nil
}

// isPlain reports whether an argument is a string that stands for itself. That it is
// JSON was checked when its packet was decoded, so that only escapes and UTF-8 are
// left to be looked for.
func isPlain(raw []byte) bool {
	return len(raw) >= 2 && raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw)
}
