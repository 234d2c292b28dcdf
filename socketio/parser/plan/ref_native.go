//go:build !js

package plan

import (
	"reflect"
	"unsafe"
)

// Ref is the place of a value, whose type its user knows. It keeps the value alive.
//
// This file is the only one that reads memory by itself: reflection takes two to four
// times as long for a struct's fields. Whatever is rare goes through it all the same. The
// js runtime does without.
type Ref struct{ p unsafe.Pointer }

func refOf(v reflect.Value) Ref { return Ref{v.Addr().UnsafePointer()} }

// RefIn returns the place of the value of type t in an interface, or of a copy. It must not
// be set.
func RefIn(t *Type, v any) Ref {
	if t.Size <= unsafe.Sizeof(unsafe.Pointer(nil)) { // an interface may hold it itself, and not a pointer to it
		return RefOf(reflect.ValueOf(v))
	}
	return Ref{(*struct{ typ, data unsafe.Pointer })(unsafe.Pointer(&v)).data}
}

// Value returns the value, which can be set.
func (r Ref) Value(t reflect.Type) reflect.Value { return reflect.NewAt(t, r.p).Elem() }

// Bool returns a Bool.
func (r Ref) Bool() bool { return *(*bool)(r.p) }

// SetBool sets a Bool.
func (r Ref) SetBool(v bool) { *(*bool)(r.p) = v }

// Int returns an Int of type t.
func (r Ref) Int(t *Type) int64 {
	switch t.Size {
	case 1:
		return int64(*(*int8)(r.p))
	case 2:
		return int64(*(*int16)(r.p))
	case 4:
		return int64(*(*int32)(r.p))
	}
	return *(*int64)(r.p)
}

// SetInt sets an Int of type t. It reports whether v fits.
func (r Ref) SetInt(t *Type, v int64) bool {
	switch t.Size {
	case 1:
		if int64(int8(v)) != v {
			return false
		}
		*(*int8)(r.p) = int8(v)
	case 2:
		if int64(int16(v)) != v {
			return false
		}
		*(*int16)(r.p) = int16(v)
	case 4:
		if int64(int32(v)) != v {
			return false
		}
		*(*int32)(r.p) = int32(v)
	default:
		*(*int64)(r.p) = v
	}
	return true
}

// Uint returns a Uint of type t.
func (r Ref) Uint(t *Type) uint64 {
	switch t.Size {
	case 1:
		return uint64(*(*uint8)(r.p))
	case 2:
		return uint64(*(*uint16)(r.p))
	case 4:
		return uint64(*(*uint32)(r.p))
	}
	return *(*uint64)(r.p)
}

// SetUint sets a Uint of type t. It reports whether v fits.
func (r Ref) SetUint(t *Type, v uint64) bool {
	switch t.Size {
	case 1:
		if uint64(uint8(v)) != v {
			return false
		}
		*(*uint8)(r.p) = uint8(v)
	case 2:
		if uint64(uint16(v)) != v {
			return false
		}
		*(*uint16)(r.p) = uint16(v)
	case 4:
		if uint64(uint32(v)) != v {
			return false
		}
		*(*uint32)(r.p) = uint32(v)
	default:
		*(*uint64)(r.p) = v
	}
	return true
}

// Float returns a Float of type t.
func (r Ref) Float(t *Type) float64 {
	if t.Size == 4 {
		return float64(*(*float32)(r.p))
	}
	return *(*float64)(r.p)
}

// SetFloat sets a Float of type t, for which v is not too large.
func (r Ref) SetFloat(t *Type, v float64) {
	if t.Size == 4 {
		*(*float32)(r.p) = float32(v)
	} else {
		*(*float64)(r.p) = v
	}
}

// String returns a String or a Number.
func (r Ref) String() string { return *(*string)(r.p) }

// SetString sets a String or a Number.
func (r Ref) SetString(v string) { *(*string)(r.p) = v }

// Bytes returns a Bytes or a Raw.
func (r Ref) Bytes() []byte { return *(*[]byte)(r.p) }

// SetBytes sets a Bytes or a Raw.
func (r Ref) SetBytes(t *Type, v []byte) { *(*[]byte)(r.p) = v }

// Len returns the length of a Slice, Bytes or Raw.
func (r Ref) Len() int { return len(*(*[]struct{})(r.p)) }

// IsNil reports whether a Slice, Bytes, Raw, Map or Pointer is nil.
func (r Ref) IsNil() bool { return *(*unsafe.Pointer)(r.p) == nil }

// Index returns element i of a Slice or an Array of type t.
func (r Ref) Index(t *Type, i int) Ref {
	first := r.p
	if t.Kind != Array {
		first = *(*unsafe.Pointer)(r.p)
	}
	return Ref{unsafe.Add(first, uintptr(i)*t.Elem.Size)}
}

// Elem returns what a Pointer of type t points to, which is not nil.
func (r Ref) Elem(t *Type) Ref { return Ref{*(*unsafe.Pointer)(r.p)} }

// Field returns field f of a Struct of type t. ok is false when it is behind an embedded
// pointer that is nil.
func (r Ref) Field(t *Type, f *Field) (field Ref, ok bool) {
	if !f.behind {
		return Ref{unsafe.Add(r.p, f.offset)}, true
	}
	return r.fieldBehind(t, f, false)
}

// MakeField is Field that makes what embedded pointers point to. It fails for a pointer to
// an unexported type, which cannot be set.
func (r Ref) MakeField(t *Type, f *Field) (field Ref, ok bool) {
	if !f.behind {
		return Ref{unsafe.Add(r.p, f.offset)}, true
	}
	return r.fieldBehind(t, f, true)
}
