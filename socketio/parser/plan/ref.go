package plan

import "reflect"

// RefOf returns the place of a value, or of a copy where it cannot be addressed.
func RefOf(v reflect.Value) Ref {
	if v.CanAddr() {
		return refOf(v)
	}
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	return refOf(c)
}

// empty reports whether the value is empty in the sense of omitempty.
func (r Ref) empty(t *Type) bool {
	switch t.Kind {
	case Bool:
		return !r.Bool()
	case Int:
		return r.Int(t) == 0
	case Uint:
		return r.Uint(t) == 0
	case Float:
		return r.Float(t) == 0
	case String, Number:
		return r.String() == ""
	case Slice, Raw, Bytes:
		return r.Len() == 0
	case Array:
		return t.Len == 0
	case Map:
		return r.Value(t.Go).Len() == 0
	case Pointer, Interface:
		return r.Value(t.Go).IsNil()
	}
	return false
}

// fieldBehind is Field for one that embedded pointers may lead to.
func (r Ref) fieldBehind(t *Type, f *Field, create bool) (field Ref, ok bool) {
	v := r.Value(t.Go)
	for i, at := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !create || !v.CanSet() {
					return Ref{}, false
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(at)
	}
	return refOf(v), true
}
