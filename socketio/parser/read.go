package parser

import (
	"bytes"
	"encoding/base64"
	"errors"
	"reflect"
	"strconv"

	"github.com/isosocket/isosocket/socketio/parser/plan"
	"github.com/isosocket/isosocket/transport/jsontext"
)

var (
	errHops     = errors.New("pointers that lead to no value")
	errEmbedded = errors.New("behind an embedded pointer to an unexported struct, which cannot be set")
	errOption   = errors.New("the tag of its field has the option string, so that it must be text")
)

// reader decodes one argument, whose text was checked when its packet was received. What
// does not fit a target is passed over, and told in the end.
type reader struct {
	text        []byte
	i           int // where the next value begins, or white space before it
	attachments [][]byte
	places      []Placeholder // that are still to come; without attachments there are none
	hops        int           // pointers and interfaces since the last array or object began
	missed      error         // the first value that did not fit

	region string // of the text, that strings are parts of
	from   int    // where it begins

	stack []any // elements of the arrays that are open
	pairs []pair
}

// next returns the first byte of the next value.
func (d *reader) next() byte {
	if d.i < len(d.text) && d.text[d.i] > ' ' {
		return d.text[d.i]
	}
	d.i = jsontext.SkipSpace(d.text, d.i)
	return jsontext.At(d.text, d.i)
}

// take returns the text of the next value, and passes over it.
func (d *reader) take() []byte {
	start := d.i
	switch jsontext.At(d.text, d.i) {
	case '"':
		d.i = jsontext.SkipString(d.text, d.i)
	case '{', '[':
		d.i = jsontext.SkipValue(d.text, d.i)
	default:
		for d.i < len(d.text) && scalar[d.text[d.i]] {
			d.i++
		}
	}
	return d.text[start:d.i:d.i]
}

// scalar has the characters of numbers and of true, false and null.
var scalar = [256]bool{
	'+': true, '-': true, '.': true, '0': true, '1': true, '2': true, '3': true, '4': true, '5': true, '6': true, '7': true, '8': true, '9': true,
	'a': true, 'e': true, 'f': true, 'l': true, 'n': true, 'r': true, 's': true, 't': true, 'u': true, 'E': true,
}

// miss notes that the value that begins at start does not fit.
func (d *reader) miss(start int, value string, t reflect.Type, err error) {
	if d.missed == nil {
		d.missed = &TypeError{Path: pathOf(d.text[:start]), Offset: start, Value: value, Type: t.String(), Err: err}
	}
}

// pass passes over the next value, which does not fit.
func (d *reader) pass(t reflect.Type) {
	start, what := d.i, "binary"
	placed := d.placed()
	if raw := d.take(); !placed {
		what = kindOf(raw)
	}
	d.miss(start, what, t, nil)
}

// kindOf returns what a value is in an error.
func kindOf(raw []byte) string {
	switch jsontext.At(raw, 0) {
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "bool"
	case 'n':
		return "null"
	}
	return "number " + string(raw[:min(len(raw), 64)])
}

// value decodes the next value into that place.
func (d *reader) value(t *plan.Type, r plan.Ref) error {
	c := d.next()
	switch {
	case t.Named && t.Unmarshal != plan.None:
		if c != 'n' || t.Unmarshal == plan.JSON {
			return d.own(t, r)
		}
	case t.Kind == plan.Pointer:
		return d.pointer(t, r, c)
	case t.Kind == plan.Interface && c != 'n':
		return d.dynamic(t, r)
	case t.Kind == plan.Raw:
		r.SetBytes(t, d.raw())
		return nil
	}
	if c == 'n' {
		d.null(t, r)
		return nil
	}
	if d.placed() {
		if t.Kind != plan.Bytes {
			d.pass(t.Go)
			return nil
		}
		// The target owns a copy: other placeholders and handlers may have the same attachment.
		binary, _ := d.binary()
		r.SetBytes(t, append(make([]byte, 0, len(binary)), binary...))
		return nil
	}
	switch t.Kind {
	case plan.String:
		if c == '"' {
			r.SetString(d.string())
			return nil
		}
	case plan.Int, plan.Uint, plan.Float:
		if c != '"' && c != '{' && c != '[' && c != 't' && c != 'f' {
			d.number(t, r)
			return nil
		}
	case plan.Bool:
		if c == 't' || c == 'f' {
			r.SetBool(c == 't')
			d.take()
			return nil
		}
	case plan.Struct:
		if c == '{' {
			return d.structure(t, r)
		}
	case plan.Map:
		if c == '{' {
			return d.mapping(t, r)
		}
	case plan.Bytes:
		switch c {
		case '"':
			d.base64(t, r)
			return nil
		case '[':
			return d.slice(t, r)
		}
	case plan.Slice:
		if c == '[' {
			return d.slice(t, r)
		}
	case plan.Array:
		if c == '[' {
			return d.array(t, r)
		}
	case plan.Number:
		return d.numberText(t, r, c)
	}
	d.pass(t.Go)
	return nil
}

// hop counts a pointer or interface on the way.
func (d *reader) hop() error {
	if d.hops++; d.hops > maxHops {
		return errHops
	}
	return nil
}

func (d *reader) pointer(t *plan.Type, r plan.Ref, c byte) error {
	if c == 'n' {
		d.null(t, r)
		return nil
	}
	if err := d.hop(); err != nil {
		return err
	}
	if r.IsNil() {
		r.Value(t.Go).Set(reflect.New(t.Elem.Go))
	}
	if t.Elem.Unmarshal != plan.None { // also of a type without a name
		return d.own(t.Elem, r.Elem(t))
	}
	return d.value(t.Elem, r.Elem(t))
}

// null passes over null.
func (d *reader) null(t *plan.Type, r plan.Ref) {
	d.take()
	setNil(t, r)
}

// setNil sets what can be nil, and nothing else.
func setNil(t *plan.Type, r plan.Ref) {
	switch t.Kind {
	case plan.Interface:
		v := r.Value(t.Go)
		if e := v.Elem(); e.IsValid() && e.Kind() == reflect.Pointer && !e.IsNil() && e.Elem().Kind() == reflect.Pointer {
			e.Elem().SetZero()
			return
		}
		v.SetZero()
	case plan.Pointer, plan.Map, plan.Slice, plan.Bytes:
		r.Value(t.Go).SetZero()
	}
}

// own lets a value read itself. It gets base64 text for a binary value.
func (d *reader) own(t *plan.Type, r plan.Ref) error {
	v := r.Value(t.Go).Addr().Interface()
	if t.Unmarshal == plan.JSON {
		return v.(interface{ UnmarshalJSON([]byte) error }).UnmarshalJSON(d.raw())
	}
	return d.ownText(t, v)
}

func (d *reader) ownText(t *plan.Type, v any) error {
	u := v.(interface{ UnmarshalText([]byte) error })
	switch d.next() {
	case 'n':
		d.take()
		return nil
	case '{':
		if binary, ok := d.binary(); ok {
			return u.UnmarshalText(base64.StdEncoding.AppendEncode(nil, binary))
		}
	case '"':
		return u.UnmarshalText([]byte(jsontext.Unquote(d.take())))
	}
	d.pass(t.Go)
	return nil
}

// placed reports whether the next value is an object that stands for an attachment.
func (d *reader) placed() bool {
	for len(d.places) > 0 && d.places[0].Start < d.i {
		d.places = d.places[1:]
	}
	return len(d.places) > 0 && d.places[0].Start == d.i
}

// binary returns the attachment that the next object stands for, and passes over it.
func (d *reader) binary() (attachment []byte, ok bool) {
	if !d.placed() {
		return nil, false
	}
	d.i = d.places[0].End
	return d.attachments[d.places[0].Num], true
}

// raw returns the JSON of the next value, of its own, with base64 text for binary values.
func (d *reader) raw() []byte {
	d.placed() // what is passed is forgotten
	start := d.i
	text := d.take()
	if len(d.places) == 0 || d.places[0].Start >= d.i {
		return append(make([]byte, 0, len(text)), text...)
	}
	var out []byte
	for ; len(d.places) > 0 && d.places[0].Start < d.i; d.places = d.places[1:] {
		p := d.places[0]
		out = append(out, d.text[start:p.Start]...)
		out = append(out, '"')
		out = base64.StdEncoding.AppendEncode(out, d.attachments[p.Num])
		out = append(out, '"')
		start = p.End
	}
	return append(out, d.text[start:d.i]...)
}

func (d *reader) base64(t *plan.Type, r plan.Ref) {
	start := d.i
	text := []byte(jsontext.Unquote(d.take()))
	b := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(b, text)
	if err != nil {
		d.miss(start, "string", t.Go, err)
		return
	}
	r.SetBytes(t, b[:n])
}

// number decodes a number into a Go number.
func (d *reader) number(t *plan.Type, r plan.Ref) {
	start := d.i
	raw := d.take()
	if !setNumber(t, r, raw) {
		d.miss(start, kindOf(raw), t.Go, nil)
	}
}

func setNumber(t *plan.Type, r plan.Ref, raw []byte) bool {
	switch t.Kind {
	case plan.Int:
		if n, ok := small(raw); ok {
			return r.SetInt(t, n)
		}
		n, err := strconv.ParseInt(string(raw), 10, 64)
		return err == nil && r.SetInt(t, n)
	case plan.Uint:
		if n, ok := small(raw); ok && raw[0] != '-' {
			return r.SetUint(t, uint64(n))
		}
		n, err := strconv.ParseUint(string(raw), 10, 64)
		return err == nil && r.SetUint(t, n)
	case plan.Float:
		n, err := strconv.ParseFloat(string(raw), int(t.Size)*8)
		if err != nil {
			return false
		}
		r.SetFloat(t, n)
		return true
	}
	return false
}

// small returns an integer of few digits, as most are.
func small(raw []byte) (n int64, ok bool) {
	i := 0
	if jsontext.At(raw, 0) == '-' {
		i = 1
	}
	if len(raw) == i || len(raw) > 17 {
		return 0, false
	}
	for _, c := range raw[i:] {
		if !jsontext.IsDigit(c) {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if i == 1 {
		n = -n
	}
	return n, true
}

func (d *reader) numberText(t *plan.Type, r plan.Ref, c byte) error {
	switch {
	case c == '"':
		start := d.i
		text := jsontext.Unquote(d.take())
		if !isNumber(text) {
			return &TypeError{Path: pathOf(d.text[:start]), Offset: start, Value: "string", Type: t.Go.String()}
		}
		r.SetString(text)
	case c == '-' || jsontext.IsDigit(c):
		r.SetString(string(d.take()))
	default:
		d.pass(t.Go)
	}
	return nil
}

// more scans to the next element of an array or object that was begun, or to its end.
func (d *reader) more(first *bool, closing byte) bool {
	c := d.next()
	if c == ',' && !*first {
		d.i++
		c = d.next()
	}
	*first = false
	if c == closing || d.i >= len(d.text) {
		d.i++
		return false
	}
	return true
}

func (d *reader) slice(t *plan.Type, r plan.Ref) error {
	d.i++
	d.hops = 0
	v := r.Value(t.Go)
	n, size := 0, v.Len()
	for first := true; d.more(&first, ']'); n++ {
		if n == size {
			v.SetLen(n)
			v.Grow(2)
			size = v.Cap() // what is there may be decoded into, as encoding/json does
			v.SetLen(size)
		}
		if err := d.value(t.Elem, r.Index(t, n)); err != nil {
			v.SetLen(n + 1)
			return err
		}
	}
	v.SetLen(n)
	if n == 0 {
		v.Set(reflect.MakeSlice(t.Go, 0, 0))
	}
	return nil
}

func (d *reader) array(t *plan.Type, r plan.Ref) error {
	d.i++
	d.hops = 0
	n := 0
	for first := true; d.more(&first, ']'); n++ {
		if n >= t.Len {
			d.take()
			continue
		}
		if err := d.value(t.Elem, r.Index(t, n)); err != nil {
			return err
		}
	}
	for ; n < t.Len; n++ {
		r.Index(t, n).Value(t.Elem.Go).SetZero()
	}
	return nil
}

// name returns the name of the next member, in its quotation marks, and scans to the value.
func (d *reader) name() []byte {
	start := d.i
	d.i = jsontext.SkipString(d.text, d.i)
	quoted := d.text[start:d.i]
	if d.next() == ':' {
		d.i++
	}
	return quoted
}

func (d *reader) structure(t *plan.Type, r plan.Ref) error {
	d.i++
	d.hops = 0
	expected := 0 // most objects have the members in the order of the fields
	for first := true; d.more(&first, '}'); {
		i := expected
		if i < len(t.Fields) && bytes.HasPrefix(d.text[d.i:], t.Fields[i].JSON) {
			d.i += len(t.Fields[i].JSON)
		} else if i = t.Field(inner(d.name())); i < 0 {
			d.next()
			d.take()
			continue
		}
		expected = i + 1
		f := &t.Fields[i]
		value, ok := r.MakeField(t, f)
		if !ok {
			d.next()
			d.miss(d.i, kindOf(d.take()), f.Type.Go, errEmbedded)
			continue
		}
		var err error
		if f.Quoted {
			err = d.quoted(f.Type, value)
		} else {
			err = d.value(f.Type, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// inner returns what is in quotation marks.
func inner(quoted []byte) []byte {
	content := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(content, '\\') < 0 {
		return content
	}
	return []byte(jsontext.Unquote(quoted))
}

// quoted decodes into a field with the option string: text that holds JSON, or null.
func (d *reader) quoted(t *plan.Type, r plan.Ref) error {
	switch c := d.next(); {
	case c == 'n':
		return d.value(t, r)
	case c != '"':
		start := d.i
		raw := d.take()
		d.miss(start, kindOf(raw), t.Go, errOption)
		return nil
	}
	start := d.i
	text := []byte(jsontext.Unquote(d.take()))
	return d.within(t, r, text, start)
}

// within decodes the text that a string holds.
func (d *reader) within(t *plan.Type, r plan.Ref, text []byte, start int) error {
	if len(text) == 0 {
		d.miss(start, "string", t.Go, errOption)
		return nil
	}
	if string(text) != "null" {
		for t.Kind == plan.Pointer {
			if err := d.hop(); err != nil {
				return err
			}
			if r.IsNil() {
				r.Value(t.Go).Set(reflect.New(t.Elem.Go))
			}
			t, r = t.Elem, r.Elem(t)
		}
	}
	if t.Unmarshal != plan.None && t.Named {
		inner := reader{text: text}
		if t.Unmarshal == plan.Text && jsontext.At(text, 0) != '"' {
			d.miss(start, "string", t.Go, errOption)
			return nil
		}
		return inner.own(t, r)
	}
	ok := false
	switch c := jsontext.At(text, 0); {
	case string(text) == "null":
		setNil(t, r)
		ok = true
	case t.Kind == plan.Bool:
		if ok = string(text) == "true" || string(text) == "false"; ok {
			r.SetBool(c == 't')
		}
	case t.Kind == plan.String:
		if ok = isString(text); ok {
			r.SetString(jsontext.Unquote(text))
		}
	case t.Kind == plan.Number:
		if ok = c == '-' || jsontext.IsDigit(c); !ok && isString(text) { // what is a number only by its beginning passes
			text = []byte(jsontext.Unquote(text))
			ok = isNumber(string(text))
		}
		if ok {
			r.SetString(string(text))
		}
	case c == '-' || jsontext.IsDigit(c):
		ok = setNumber(t, r, text)
	}
	if !ok {
		d.miss(start, "string", t.Go, errOption)
	}
	return nil
}

// isString reports whether the text is one JSON string.
func isString(text []byte) bool {
	if jsontext.At(text, 0) != '"' {
		return false
	}
	end, ok := jsontext.ScanString(text, 0)
	return ok && end == len(text)
}

func (d *reader) mapping(t *plan.Type, r plan.Ref) error {
	switch {
	case t.Key.KeyFromText, t.Key.Kind == plan.String, t.Key.Kind == plan.Number, t.Key.Kind == plan.Int, t.Key.Kind == plan.Uint:
	default:
		d.pass(t.Go)
		return nil
	}
	v := r.Value(t.Go)
	d.i++
	d.hops = 0
	if v.IsNil() {
		v.Set(reflect.MakeMap(t.Go))
	}
	element := reflect.New(t.Elem.Go).Elem()
	place := plan.RefOf(element)
	for first := true; d.more(&first, '}'); {
		start := d.i
		quoted := d.name()
		element.SetZero()
		if err := d.value(t.Elem, place); err != nil {
			return err
		}
		key, err := d.key(t.Key, quoted, start)
		if err != nil {
			return err
		}
		if key.IsValid() {
			v.SetMapIndex(key, element)
		}
	}
	return nil
}

// key returns the key that the name of a member is, or none if it does not fit.
func (d *reader) key(t *plan.Type, quoted []byte, start int) (reflect.Value, error) {
	key := reflect.New(t.Go).Elem()
	switch {
	case t.KeyFromText:
		inner := reader{text: quoted}
		of, place := t, plan.RefOf(key)
		if of.Kind == plan.Pointer {
			key.Set(reflect.New(of.Elem.Go))
			of, place = of.Elem, place.Elem(of)
		}
		return key, inner.own(of, place)
	case t.Kind == plan.String || t.Kind == plan.Number:
		key.SetString(jsontext.Unquote(quoted))
		return key, nil
	}
	name := inner(quoted)
	if !setNumber(t, plan.RefOf(key), name) {
		d.miss(start, "number "+string(name), t.Go, nil)
		return reflect.Value{}, nil
	}
	return key, nil
}

// dynamic decodes into an interface: into what a pointer in it points to, or what JSON is
// by itself.
func (d *reader) dynamic(t *plan.Type, r plan.Ref) error {
	v := r.Value(t.Go)
	if e := v.Elem(); e.IsValid() && e.Kind() == reflect.Pointer && !e.IsNil() {
		if err := d.hop(); err != nil {
			return err
		}
		of := plan.Of(e.Type().Elem())
		if of.Unmarshal != plan.None {
			return d.own(of, plan.RefOf(e.Elem()))
		}
		return d.value(of, plan.RefOf(e.Elem()))
	}
	if v.NumMethod() > 0 {
		d.pass(t.Go)
		return nil
	}
	if x := d.any(); x != nil {
		v.Set(reflect.ValueOf(x))
	} else {
		v.SetZero()
	}
	return nil
}
