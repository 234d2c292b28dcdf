package parser

import (
	"reflect"
	"strconv"
	"unicode/utf8"

	"github.com/isosocket/isosocket/transport/jsontext"
)

const (
	// regionSize is how much of the text strings are parts of that are allocated together. It
	// is all that one of them can keep alive.
	regionSize = 1 << 10
	// sharedSize is how long such a string may be.
	sharedSize = 128
)

// pair is a member of an object that is open.
type pair struct {
	name  string
	value any
}

// any returns what the next value is by itself.
func (d *reader) any() any {
	switch d.next() {
	case '"':
		return d.string()
	case '{':
		if binary, ok := d.binary(); ok {
			return append(make([]byte, 0, len(binary)), binary...)
		}
		return d.object()
	case '[':
		return d.list()
	case 't':
		d.take()
		return true
	case 'f':
		d.take()
		return false
	case 'n':
		d.take()
		return nil
	}
	start := d.i
	raw := d.take()
	if n, ok := small(raw); ok && n != 0 && -1<<53 <= n && n <= 1<<53 { // 0 may be negative
		return float64(n)
	}
	n, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		d.miss(start, kindOf(raw), reflect.TypeFor[float64](), nil)
		return nil
	}
	return n
}

// list returns an array. Its elements gather on the stack, so that it is allocated once.
func (d *reader) list() []any {
	d.i++
	bottom := len(d.stack)
	for first := true; d.more(&first, ']'); {
		v := d.any()
		d.stack = append(d.stack, v)
	}
	list := append(make([]any, 0, len(d.stack)-bottom), d.stack[bottom:]...)
	clear(d.stack[bottom:])
	d.stack = d.stack[:bottom]
	return list
}

func (d *reader) object() map[string]any {
	d.i++
	bottom := len(d.pairs)
	for first := true; d.more(&first, '}'); {
		name := d.string()
		if d.next() == ':' {
			d.i++
		}
		v := d.any()
		d.pairs = append(d.pairs, pair{name, v})
	}
	object := make(map[string]any, len(d.pairs)-bottom)
	for _, p := range d.pairs[bottom:] {
		object[p.name] = p.value
	}
	clear(d.pairs[bottom:])
	d.pairs = d.pairs[:bottom]
	return object
}

// string returns the next string.
func (d *reader) string() string {
	start := d.i + 1
	end := start + jsontext.Plain(d.text[min(start, len(d.text)):])
	content := d.text[min(start, len(d.text)):end]
	if jsontext.At(d.text, end) != '"' || !utf8.Valid(content) {
		begin := d.i
		d.i = jsontext.SkipString(d.text, begin)
		return jsontext.Unquote(d.text[begin:d.i])
	}
	d.i = end + 1
	if len(content) > sharedSize {
		return string(content)
	}
	if start < d.from || end > d.from+len(d.region) {
		d.from = start
		d.region = string(d.text[start:min(start+regionSize, len(d.text))])
	}
	return d.region[start-d.from : end-d.from]
}
