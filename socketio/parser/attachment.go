package parser

import (
	"encoding/json"
	"reflect"
)

// value replaces the tokens in v, which can be set, by what they stand for.
func (d *tokenDecoder) value(v reflect.Value, hops int) error {
	t := v.Type()
	shape := incoming.shapeOf(t)
	if !shape.walk || shape.opaque && incoming.doesOwn(t, true) {
		return nil
	}
	if hops == 0 { // the target held such a value, or itself, before
		return errHops
	}
	switch v.Kind() {
	case reflect.String:
		if i, ok := d.tokens.number([]byte(v.String())); ok {
			d.met[i] = true
			v.SetString("")
			return &json.UnmarshalTypeError{Value: "binary", Type: t, Offset: int64(d.places[i].Start)}
		}
		return nil
	case reflect.Interface:
		return d.dynamic(v, hops)
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return d.value(v.Elem(), hops-1)
	case reflect.Slice:
		if isBytes(t) {
			d.bytes(v)
			return nil
		}
		return d.elements(v, hops)
	case reflect.Array:
		return d.elements(v, hops)
	case reflect.Map:
		return d.entries(v, hops)
	default:
		return d.fields(v, shape, hops)
	}
}

func (d *tokenDecoder) bytes(v reflect.Value) {
	i, ok := d.tokens.numberOf(v.Bytes())
	if !ok {
		return
	}
	d.met[i] = true
	b := d.attachments[d.places[i].Num]
	clone := reflect.MakeSlice(v.Type(), len(b), len(b))
	copy(clone.Bytes(), b)
	v.Set(clone)
}

func (d *tokenDecoder) elements(v reflect.Value, hops int) (err error) {
	for i := range v.Len() {
		if missed := d.value(v.Index(i), hops-1); err == nil {
			err = missed
		}
	}
	return err
}

func (d *tokenDecoder) entries(v reflect.Value, hops int) (err error) {
	if v.Len() == 0 {
		return nil
	}
	value := reflect.New(v.Type().Elem()).Elem() // what is in a map cannot be set in place
	for entry := v.MapRange(); entry.Next(); {
		value.Set(entry.Value())
		if missed := d.value(value, hops-1); err == nil {
			err = missed
		}
		v.SetMapIndex(entry.Key(), value)
	}
	return err
}

func (d *tokenDecoder) fields(v reflect.Value, shape *shape, hops int) (err error) {
	for i := range shape.fields {
		if missed := d.value(v.FieldByIndex(shape.fields[i].index), hops-1); err == nil {
			err = missed
		}
	}
	return err
}

// dynamic is value for an interface: encoding/json puts its own types into an
// empty one, and follows a pointer that is already there.
func (d *tokenDecoder) dynamic(v reflect.Value, hops int) error {
	if v.IsNil() {
		return nil
	}
	if held := v.Elem(); held.Kind() == reflect.Pointer && !held.IsNil() {
		return d.value(held.Elem(), hops-1)
	}
	if v.NumMethod() > 0 {
		return nil
	}
	if x, ok := d.generic(v.Interface(), hops).([]byte); ok {
		v.Set(reflect.ValueOf(x))
	}
	return nil
}

// generic replaces the tokens in what encoding/json makes of JSON by itself. It
// returns x, or a []byte in its place.
func (d *tokenDecoder) generic(x any, hops int) any {
	if hops == 0 {
		return x
	}
	switch x := x.(type) {
	case string:
		if len(x) != tokenText {
			break
		}
		if i, ok := d.tokens.number([]byte(x)); ok {
			d.met[i] = true
			return d.binary(i)
		}
	case []any:
		for i := range x {
			if b, ok := d.generic(x[i], hops-1).([]byte); ok {
				x[i] = b
			}
		}
	case map[string]any:
		for key := range x {
			if b, ok := d.generic(x[key], hops-1).([]byte); ok {
				x[key] = b
			}
		}
	}
	return x
}
