package parser

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// shape is what the values of a type can hold, as far as binary values and depth
// are concerned. It is worked out once a type.
type shape struct {
	walk   bool // values must be looked into: a []byte may be found, or nesting has no bound
	deep   bool // nesting has no bound that the type tells
	opaque bool // a type that does its own JSON is part of it

	fields []field // those of a struct that must be looked into
}

// field is a field of a struct that is part of its JSON. Fields of embedded
// structs are fields of the struct that embeds them.
type field struct {
	index     []int
	typ       reflect.Type
	omitEmpty bool
	omitZero  bool
}

// direction is one of encoding and decoding. They differ in which types do their own JSON.
type direction struct {
	own    [2]reflect.Type // interfaces of such types
	decode bool            // it is the decoding
	shapes sync.Map        // reflect.Type → *shape
}

var (
	outgoing = &direction{own: [2]reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()}}
	incoming = &direction{own: [2]reflect.Type{reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()}, decode: true}
)

func (d *direction) shapeOf(t reflect.Type) *shape {
	if s, ok := d.shapes.Load(t); ok {
		return s.(*shape)
	}
	s := new(shape)
	d.explore(s, t, make(map[reflect.Type]bool))
	if t.Kind() == reflect.Struct {
		for _, f := range d.appendFields(nil, t, nil) {
			var of shape
			d.explore(&of, f.typ, make(map[reflect.Type]bool))
			if of.walk {
				s.fields = append(s.fields, f)
			}
		}
	}
	cached, _ := d.shapes.LoadOrStore(t, s)
	return cached.(*shape)
}

// explore adds to s what values of type t can hold. The types that are being
// explored are true in seen, those that have been are false.
func (d *direction) explore(s *shape, t reflect.Type, seen map[reflect.Type]bool) {
	if within, ok := seen[t]; ok {
		if within { // a recursive type
			s.walk, s.deep = true, true
		}
		return
	}
	if d.doesOwn(t, false) {
		s.opaque = true
		return
	}
	s.opaque = s.opaque || d.doesOwn(t, true) // at least where it can be addressed
	seen[t] = true
	switch t.Kind() {
	case reflect.Interface:
		s.walk, s.deep = true, true
	case reflect.String:
		s.walk = s.walk || d.decode // it must not receive a token
	case reflect.Slice:
		if isBytes(t) {
			s.walk = true
		} else {
			d.explore(s, t.Elem(), seen)
		}
	case reflect.Array, reflect.Map, reflect.Pointer:
		d.explore(s, t.Elem(), seen)
	case reflect.Struct:
		for _, f := range d.appendFields(nil, t, nil) {
			d.explore(s, f.typ, seen)
		}
	}
	seen[t] = false
}

// appendFields appends the fields of struct type t, by the rules of
// encoding/json. It may include one that another of the same name hides.
func (d *direction) appendFields(fields []field, t reflect.Type, index []int) []field {
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		at := append(slices.Clip(index), i)
		switch {
		case f.Anonymous && f.Type.Kind() == reflect.Struct && (name == "" || !f.IsExported()):
			fields = d.appendFields(fields, f.Type, at)
		case f.IsExported() || f.Anonymous && f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct:
			to := field{index: at, typ: f.Type}
			for option := ""; options != ""; {
				option, options, _ = strings.Cut(options, ",")
				to.omitEmpty = to.omitEmpty || option == "omitempty"
				to.omitZero = to.omitZero || option == "omitzero"
			}
			fields = append(fields, to)
		}
	}
	return fields
}

// doesOwn reports whether values of type t do their own JSON, where addressed says
// that they can be addressed.
func (d *direction) doesOwn(t reflect.Type, addressed bool) bool {
	if t.Implements(d.own[0]) || t.Implements(d.own[1]) {
		return true
	}
	if !addressed && !d.decode { // what is decoded can always be addressed
		return false
	}
	p := reflect.PointerTo(t)
	return p.Implements(d.own[0]) || p.Implements(d.own[1])
}

// isBytes reports whether encoding/json writes slices of type t as base64 text.
func isBytes(t reflect.Type) bool {
	if t.Elem().Kind() != reflect.Uint8 {
		return false
	}
	p := reflect.PointerTo(t.Elem())
	return !p.Implements(outgoing.own[0]) && !p.Implements(outgoing.own[1])
}
