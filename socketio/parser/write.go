package parser

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/isosocket/isosocket/socketio/parser/plan"
	"github.com/isosocket/isosocket/transport/jsontext"
)

// maxHops bounds the way to a value inside another: pointers and interfaces take one
// without a level of JSON.
const maxHops = 4 * maxDepth

var (
	errDepth  = fmt.Errorf("%w: limit %d", ErrDepth, maxDepth)
	errMethod = errors.New("its method wrote no JSON")
)

// enter counts an array or object that begins, and leave one that has ended.
func (e *encoder) enter() error {
	if e.depth++; e.depth > maxDepth {
		return errDepth
	}
	return nil
}

func (e *encoder) leave() { e.depth-- }

// any writes a value of any type. What is in an interface cannot be addressed.
func (e *encoder) any(v any) error {
	switch v := v.(type) {
	case nil:
		e.null()
		return nil
	case string:
		e.quote(v)
		return nil
	case bool:
		e.bool(v)
		return nil
	case float64:
		return e.float(v, 64)
	case int:
		e.text = strconv.AppendInt(e.text, int64(v), 10)
		return nil
	case []byte:
		e.binary(v)
		return nil
	case []any:
		return e.anys(v)
	case map[string]any:
		return e.anyMap(v)
	}
	t := plan.Of(reflect.TypeOf(v))
	switch {
	case t.MarshalAnywhere.Method != plan.None:
		if rv := reflect.ValueOf(v); rv.Kind() == reflect.Pointer && rv.IsNil() {
			e.null()
			return nil
		}
		return e.own(v, t.MarshalAnywhere.Method)
	case t.Kind == plan.Pointer:
		rv := reflect.ValueOf(v)
		if rv.IsNil() {
			e.null()
			return nil
		}
		return e.hop(t.Elem, plan.RefOf(rv.Elem()), true)
	}
	return e.value(t, plan.RefIn(t, v), false)
}

// value writes the value of type t in that place. Where it can be addressed, methods of
// a pointer to it are called.
func (e *encoder) value(t *plan.Type, r plan.Ref, addressable bool) error {
	if own := t.Own(addressable); own.Method != plan.None {
		return e.ownOf(t, r, own)
	}
	switch t.Kind {
	case plan.String:
		e.quote(r.String())
	case plan.Int:
		e.text = strconv.AppendInt(e.text, r.Int(t), 10)
	case plan.Float:
		return e.float(r.Float(t), int(t.Size)*8)
	case plan.Bool:
		e.bool(r.Bool())
	case plan.Uint:
		e.text = strconv.AppendUint(e.text, r.Uint(t), 10)
	case plan.Struct:
		return e.structure(t, r, addressable)
	case plan.Pointer:
		if r.IsNil() {
			e.null()
			return nil
		}
		return e.hop(t.Elem, r.Elem(t), true)
	case plan.Slice:
		return e.slice(t, r)
	case plan.Bytes:
		if t.Numbers() {
			return e.slice(t, r)
		}
		e.binary(r.Bytes())
	case plan.Array:
		return e.elements(t, r, t.Len, addressable)
	case plan.Map:
		return e.mapping(t, r)
	case plan.Interface:
		v := r.Value(t.Go)
		if v.IsNil() {
			e.null()
			return nil
		}
		if e.hops++; e.hops > maxHops {
			return errDepth
		}
		err := e.any(v.Elem().Interface())
		e.hops--
		return err
	case plan.Raw:
		return e.raw(r.Bytes())
	case plan.Number:
		return e.number(r.String())
	default:
		return fmt.Errorf("%w: %v", ErrUnsupported, t.Go)
	}
	return nil
}

// hop is value for what a pointer leads to.
func (e *encoder) hop(t *plan.Type, r plan.Ref, addressable bool) error {
	if e.hops++; e.hops > maxHops {
		return errDepth
	}
	err := e.value(t, r, addressable)
	e.hops--
	return err
}

//go:noinline // which would make a browser program larger
func (e *encoder) null() { e.text = append(e.text, "null"...) }

func (e *encoder) bool(v bool) { e.text = strconv.AppendBool(e.text, v) }

// float writes a number as JavaScript does.
func (e *encoder) float(v float64, bits int) error {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return fmt.Errorf("%w: %v", ErrUnsupported, v)
	}
	format := byte('f')
	if abs := math.Abs(v); abs != 0 {
		if bits == 64 && (abs < 1e-6 || abs >= 1e21) || bits == 32 && (float32(abs) < 1e-6 || float32(abs) >= 1e21) {
			format = 'e'
		}
	}
	e.text = strconv.AppendFloat(e.text, v, format, -1, bits)
	if format == 'e' { // e-09 is e-9
		if n := len(e.text); n >= 4 && e.text[n-4] == 'e' && (e.text[n-3] == '-' || e.text[n-3] == '+') && e.text[n-2] == '0' {
			e.text[n-2] = e.text[n-1]
			e.text = e.text[:n-1]
		}
	}
	return nil
}

// number writes what is in a json.Number.
func (e *encoder) number(text string) error {
	if text == "" {
		text = "0"
	}
	if !isNumber(text) {
		return fmt.Errorf("%w: %q as a number", ErrUnsupported, text)
	}
	e.text = append(e.text, text...)
	return nil
}

func isNumber(text string) bool {
	end, ok := jsontext.ScanNumber([]byte(text), 0)
	return ok && end == len(text)
}

// ownOf writes a value that writes itself.
func (e *encoder) ownOf(t *plan.Type, r plan.Ref, own plan.Own) error {
	v := r.Value(t.Go)
	switch {
	case own.Pointer:
		v = v.Addr()
	case t.Kind == plan.Pointer || t.Kind == plan.Interface:
		if v.IsNil() {
			e.null()
			return nil
		}
	}
	return e.own(v.Interface(), own.Method)
}

func (e *encoder) own(v any, method plan.Method) error {
	if method == plan.Text {
		text, err := v.(interface{ MarshalText() ([]byte, error) }).MarshalText()
		if err != nil {
			return err
		}
		e.quote(string(text))
		return nil
	}
	text, err := v.(interface{ MarshalJSON() ([]byte, error) }).MarshalJSON()
	if err != nil {
		return err
	}
	if text == nil {
		return errMethod
	}
	return e.raw(text)
}

// raw writes JSON that is there already, as it stands.
func (e *encoder) raw(text []byte) error {
	if text == nil {
		e.null()
		return nil
	}
	begin := jsontext.SkipSpace(text, 0)
	end, err := scanDocument(text[begin:], max(0, maxDepth-e.depth), math.MaxInt, 0)
	if err != nil {
		return &SyntaxError{Offset: begin + end, Err: err}
	}
	text = text[begin : begin+end]
	if !utf8.Valid(text) { // which would cost the connection
		return ErrUTF8
	}
	start := len(e.text)
	e.text = append(e.text, text...)
	jsontext.ReplaceLoneSurrogates(e.text[start:])
	return nil
}

func (e *encoder) slice(t *plan.Type, r plan.Ref) error {
	if r.IsNil() {
		e.null()
		return nil
	}
	return e.elements(t, r, r.Len(), true)
}

func (e *encoder) elements(t *plan.Type, r plan.Ref, n int, addressable bool) error {
	if err := e.enter(); err != nil {
		return err
	}
	e.text = append(e.text, '[')
	for i := range n {
		if i > 0 {
			e.text = append(e.text, ',')
		}
		if err := e.value(t.Elem, r.Index(t, i), addressable); err != nil {
			return err
		}
	}
	e.text = append(e.text, ']')
	e.leave()
	return nil
}

func (e *encoder) anys(list []any) error {
	if list == nil {
		e.null()
		return nil
	}
	if err := e.enter(); err != nil {
		return err
	}
	e.text = append(e.text, '[')
	for i, v := range list {
		if i > 0 {
			e.text = append(e.text, ',')
		}
		if err := e.any(v); err != nil {
			return err
		}
	}
	e.text = append(e.text, ']')
	e.leave()
	return nil
}

func (e *encoder) structure(t *plan.Type, r plan.Ref, addressable bool) error {
	if err := e.enter(); err != nil {
		return err
	}
	separator := byte('{')
	for i := range t.Fields {
		f := &t.Fields[i]
		value, ok := r.Field(t, f)
		if !ok || (f.OmitEmpty || f.OmitZero) && f.Omitted(value) {
			continue
		}
		e.text = append(e.text, separator)
		separator = ','
		e.text = append(e.text, f.JSON...)
		var err error
		if f.Quoted {
			err = e.quoted(f.Type, value, addressable)
		} else {
			err = e.value(f.Type, value, addressable)
		}
		if err != nil {
			return err
		}
	}
	e.close(separator)
	return nil
}

// quoted writes a field with the option string: its JSON as text, unless it writes itself.
func (e *encoder) quoted(t *plan.Type, r plan.Ref, addressable bool) error {
	switch own := t.Own(addressable); {
	case own.Method != plan.None:
		return e.ownOf(t, r, own)
	case t.Kind == plan.Pointer:
		if r.IsNil() {
			e.null()
			return nil
		}
		return e.quoted(t.Elem, r.Elem(t), true)
	case t.Kind == plan.String:
		e.quote(string(jsontext.AppendQuoted(nil, r.String())))
		return nil
	}
	e.text = append(e.text, '"')
	err := e.value(t, r, addressable)
	e.text = append(e.text, '"')
	return err
}

// mapping writes a map, its members in the order of their names.
func (e *encoder) mapping(t *plan.Type, r plan.Ref) error {
	switch {
	case t.Key.KeyToText, t.Key.Kind == plan.String, t.Key.Kind == plan.Number, t.Key.Kind == plan.Int, t.Key.Kind == plan.Uint:
	default:
		return fmt.Errorf("%w: %v", ErrUnsupported, t.Go)
	}
	if r.IsNil() {
		e.null()
		return nil
	}
	v := r.Value(t.Go)
	if m, ok := v.Interface().(map[string]any); ok {
		return e.anyMap(m)
	}
	if err := e.enter(); err != nil {
		return err
	}
	names, values := make([]plan.Named, 0, v.Len()), make([]plan.Ref, 0, v.Len())
	key := reflect.New(t.Key.Go).Elem()
	for i := v.MapRange(); i.Next(); {
		key.SetIterKey(i)
		name, err := keyText(t.Key, key)
		if err != nil {
			return err
		}
		value := reflect.New(t.Elem.Go).Elem()
		value.SetIterValue(i)
		names = append(names, plan.Named{Name: name, At: len(values)})
		values = append(values, plan.RefOf(value))
	}
	plan.Sort(names)
	separator := byte('{')
	for i := range names {
		e.member(separator, names[i].Name)
		separator = ','
		if err := e.value(t.Elem, values[names[i].At], false); err != nil {
			return err
		}
	}
	e.close(separator)
	return nil
}

// member begins a member of an object, behind the separator.
func (e *encoder) member(separator byte, name string) {
	e.text = append(e.text, separator)
	e.quote(name)
	e.text = append(e.text, ':')
}

// close ends an object, before whose next member that separator would stand.
func (e *encoder) close(separator byte) {
	if separator == '{' {
		e.text = append(e.text, '{')
	}
	e.text = append(e.text, '}')
	e.leave()
}

// keyText returns the name that stands for a key.
func keyText(t *plan.Type, key reflect.Value) (string, error) {
	switch {
	case t.Kind == plan.String || t.Kind == plan.Number:
		return key.String(), nil
	case t.KeyToText:
		if key.Kind() == reflect.Pointer && key.IsNil() {
			return "", nil
		}
		text, err := key.Interface().(interface{ MarshalText() ([]byte, error) }).MarshalText()
		return string(text), err
	case t.Kind == plan.Int:
		return strconv.FormatInt(key.Int(), 10), nil
	}
	return strconv.FormatUint(key.Uint(), 10), nil
}

func (e *encoder) anyMap(m map[string]any) error {
	if m == nil {
		e.null()
		return nil
	}
	if err := e.enter(); err != nil {
		return err
	}
	start := len(e.names)
	for name := range m {
		e.names = append(e.names, plan.Named{Name: name})
	}
	names := e.names[start:]
	plan.Sort(names)
	separator := byte('{')
	for i := range names {
		e.member(separator, names[i].Name)
		separator = ','
		if err := e.any(m[names[i].Name]); err != nil {
			return err
		}
	}
	e.names = e.names[:start]
	e.close(separator)
	return nil
}

// binary writes what stands for an attachment, or base64 text where there are none.
func (e *encoder) binary(b []byte) {
	switch {
	case b == nil:
		e.null()
	case e.base64:
		e.text = append(e.text, '"')
		e.text = base64.StdEncoding.AppendEncode(e.text, b)
		e.text = append(e.text, '"')
	default:
		e.text = AppendPlaceholder(e.text, len(e.Attachments))
		e.Attachments = append(e.Attachments, slices.Clone(b))
	}
}

func (e *encoder) quote(s string) { e.text = jsontext.AppendQuoted(e.text, s) }
