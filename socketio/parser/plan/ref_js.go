//go:build js

package plan

import "reflect"

// Ref is the place of a value, whose type its user knows.
type Ref struct{ v reflect.Value }

func refOf(v reflect.Value) Ref { return Ref{v} }

// RefIn returns the place of a copy of the value in an interface.
func RefIn(_ *Type, v any) Ref { return RefOf(reflect.ValueOf(v)) }

// Value returns the value, which can be set.
func (r Ref) Value(reflect.Type) reflect.Value { return r.v }

// Bool returns a Bool.
func (r Ref) Bool() bool { return r.v.Bool() }

// SetBool sets a Bool.
func (r Ref) SetBool(v bool) { r.v.SetBool(v) }

// Int returns an Int.
func (r Ref) Int(*Type) int64 { return r.v.Int() }

// SetInt sets an Int. It reports whether v fits.
func (r Ref) SetInt(_ *Type, v int64) bool {
	if r.v.OverflowInt(v) {
		return false
	}
	r.v.SetInt(v)
	return true
}

// Uint returns a Uint.
func (r Ref) Uint(*Type) uint64 { return r.v.Uint() }

// SetUint sets a Uint. It reports whether v fits.
func (r Ref) SetUint(_ *Type, v uint64) bool {
	if r.v.OverflowUint(v) {
		return false
	}
	r.v.SetUint(v)
	return true
}

// Float returns a Float.
func (r Ref) Float(*Type) float64 { return r.v.Float() }

// SetFloat sets a Float, for which v is not too large.
func (r Ref) SetFloat(_ *Type, v float64) { r.v.SetFloat(v) }

// String returns a String or a Number.
func (r Ref) String() string { return r.v.String() }

// SetString sets a String or a Number.
func (r Ref) SetString(v string) { r.v.SetString(v) }

// Bytes returns a Bytes or a Raw.
func (r Ref) Bytes() []byte { return r.v.Bytes() }

// SetBytes sets a Bytes or a Raw of type t.
func (r Ref) SetBytes(t *Type, v []byte) {
	if t.Kind == Bytes && t.Elem.Go != reflect.TypeFor[byte]() {
		c := reflect.MakeSlice(t.Go, len(v), len(v))
		copy(c.Bytes(), v)
		r.v.Set(c)
		return
	}
	r.v.SetBytes(v)
}

// Len returns the length of a Slice, Bytes or Raw.
func (r Ref) Len() int { return r.v.Len() }

// IsNil reports whether a Slice, Bytes, Raw, Map or Pointer is nil.
func (r Ref) IsNil() bool { return r.v.IsNil() }

// Index returns element i of a Slice or an Array.
func (r Ref) Index(_ *Type, i int) Ref { return Ref{r.v.Index(i)} }

// Elem returns what a Pointer points to, which is not nil.
func (r Ref) Elem(*Type) Ref { return Ref{r.v.Elem()} }

// Field returns field f of a Struct of type t. ok is false when it is behind an embedded
// pointer that is nil.
func (r Ref) Field(t *Type, f *Field) (field Ref, ok bool) { return r.fieldBehind(t, f, false) }

// MakeField is Field that makes what embedded pointers point to. It fails for a pointer to
// an unexported type, which cannot be set.
func (r Ref) MakeField(t *Type, f *Field) (field Ref, ok bool) { return r.fieldBehind(t, f, true) }
