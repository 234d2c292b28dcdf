package parser

import (
	"errors"
	"fmt"
	"reflect"
)

// maxHops bounds the way from a value to what it holds. One level of JSON may be
// several hops: pointer, interface, slice.
const maxHops = 4 * maxDepth

var errHops = fmt.Errorf("%w: limit %d", ErrDepth, maxDepth)

var errEmbedded = errors.New("[]byte behind an embedded pointer to an unexported struct")

// swap replaces the []byte in a value by tokens. It copies what leads to them
// and nothing else, and changes nothing of the original.
//
// The copy of a value can be addressed where the original can, because
// encoding/json calls methods of pointers only there.
type swap struct {
	tokens tokens
	found  [][]byte // what the tokens stand for, by number
}

var unchanged reflect.Value

// value returns a copy of v with tokens, or the zero Value if there is nothing to
// replace.
func (s *swap) value(v reflect.Value, hops int) (reflect.Value, error) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map, reflect.Struct:
	default:
		return unchanged, nil
	}
	t := v.Type()
	shape := outgoing.shapeOf(t)
	if !shape.walk || shape.opaque && outgoing.doesOwn(t, v.CanAddr()) {
		return unchanged, nil
	}
	if hops == 0 {
		return unchanged, errHops
	}
	switch t.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return unchanged, nil
		}
		swapped, err := s.value(v.Elem(), hops-1)
		if err != nil || !swapped.IsValid() || t.Kind() == reflect.Interface {
			return swapped, err
		}
		p := reflect.New(t.Elem())
		p.Elem().Set(swapped)
		return p, nil
	case reflect.Slice:
		if v.IsNil() {
			return unchanged, nil
		}
		if isBytes(t) {
			return s.token(v), nil
		}
		return s.elements(v, hops)
	case reflect.Array:
		return s.elements(v, hops)
	case reflect.Map:
		return s.entries(v, hops)
	default:
		return s.fields(v, shape, hops)
	}
}

// token returns a token for v, of the same type.
func (s *swap) token(v reflect.Value) reflect.Value {
	token := reflect.MakeSlice(v.Type(), tokenBytes, tokenBytes)
	s.tokens.fill(token.Bytes(), len(s.found))
	s.found = append(s.found, v.Bytes())
	return token
}

func (s *swap) elements(v reflect.Value, hops int) (reflect.Value, error) {
	clone := unchanged
	for i := range v.Len() {
		swapped, err := s.value(v.Index(i), hops-1)
		if err != nil {
			return unchanged, err
		}
		if !swapped.IsValid() {
			continue
		}
		if !clone.IsValid() {
			if v.Kind() == reflect.Array {
				clone = reflect.New(v.Type()).Elem()
			} else {
				clone = reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			}
			for j := range v.Len() { // reflect.Copy would make a browser program 1.5 KB larger
				clone.Index(j).Set(v.Index(j))
			}
		}
		clone.Index(i).Set(swapped)
	}
	return clone, nil
}

func (s *swap) entries(v reflect.Value, hops int) (reflect.Value, error) {
	clone := unchanged
	for entry := v.MapRange(); entry.Next(); {
		swapped, err := s.value(entry.Value(), hops-1)
		if err != nil {
			return unchanged, err
		}
		if !swapped.IsValid() {
			continue
		}
		if !clone.IsValid() {
			clone = reflect.MakeMapWithSize(v.Type(), v.Len())
			for entry := v.MapRange(); entry.Next(); {
				clone.SetMapIndex(entry.Key(), entry.Value())
			}
		}
		clone.SetMapIndex(entry.Key(), swapped)
	}
	return clone, nil
}

func (s *swap) fields(v reflect.Value, shape *shape, hops int) (reflect.Value, error) {
	clone := unchanged
	for i := range shape.fields {
		f := &shape.fields[i]
		value := v.FieldByIndex(f.index)
		if f.omitted(value) {
			continue
		}
		swapped, err := s.value(value, hops-1)
		if err != nil {
			return unchanged, err
		}
		if !swapped.IsValid() {
			continue
		}
		if !v.CanInterface() { // the copy could not be put in its place
			return unchanged, errEmbedded
		}
		if !clone.IsValid() {
			clone = reflect.New(v.Type()).Elem()
			clone.Set(v)
		}
		clone.FieldByIndex(f.index).Set(swapped)
	}
	return clone, nil
}

// omitted reports whether encoding/json leaves out the field because of its value,
// which a token in its place would change.
func (f *field) omitted(v reflect.Value) bool {
	if f.omitEmpty {
		switch v.Kind() {
		case reflect.Slice, reflect.Array, reflect.Map:
			if v.Len() == 0 {
				return true
			}
		}
	}
	if !f.omitZero || v.IsZero() {
		return f.omitZero
	}
	zeroer, ok := v.Interface().(interface{ IsZero() bool })
	if !ok {
		p := reflect.New(f.typ)
		p.Elem().Set(v)
		zeroer, ok = p.Interface().(interface{ IsZero() bool })
	}
	return ok && zeroer.IsZero()
}
