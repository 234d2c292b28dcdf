package plan

import (
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// candidate is a field that is written unless another of its name stands above it.
type candidate struct {
	Field
	tagged bool // its name is that of its tag
	hidden bool // by another of the same name and rank
}

// embedded is a struct whose fields are those of the one that it is embedded in.
type embedded struct {
	t      reflect.Type
	index  []int
	offset uintptr
	behind bool
	twice  bool // it is embedded more than once at this depth, so that all its fields are ambiguous
}

// fields finds the fields of struct type t. Go's rule of embedded structs decides which
// of the same name is written: the one at the least depth. Of several there the one that
// is named by its tag; if that does not decide, none.
func (b *builder) fields(t *Type) {
	var found []candidate
	seen := make(map[reflect.Type]bool)
	for level := []embedded{{t: t.Go}}; len(level) > 0; {
		var next []embedded
		for _, e := range level {
			if seen[e.t] {
				continue
			}
			seen[e.t] = true
			for i := range e.t.NumField() {
				found, next = b.field(found, next, e, i)
			}
		}
		level = next
	}
	t.choose(found)
}

// field appends what field i of a struct is: a candidate, or an embedded struct.
func (b *builder) field(found []candidate, next []embedded, e embedded, i int) ([]candidate, []embedded) {
	f := e.t.Field(i)
	inner := f.Type
	if inner.Kind() == reflect.Pointer {
		inner = inner.Elem()
	}
	if !f.IsExported() && !(f.Anonymous && inner.Kind() == reflect.Struct) {
		return found, next
	}
	tag := f.Tag.Get("json")
	if tag == "-" {
		return found, next
	}
	name, options, _ := strings.Cut(tag, ",")
	if !isName(name) {
		name = ""
	}
	index, offset := append(slices.Clip(e.index), i), e.offset+f.Offset
	if name == "" && f.Anonymous && inner.Kind() == reflect.Struct {
		at := slices.IndexFunc(next, func(e embedded) bool { return e.t == inner })
		if at >= 0 {
			next[at].twice = true
			return found, next
		}
		behind := f.Type.Kind() == reflect.Pointer
		return found, append(next, embedded{t: inner, index: index, offset: offset, behind: e.behind || behind})
	}
	c := candidate{tagged: name != "", hidden: e.twice}
	c.Name, c.index, c.offset, c.behind = name, index, offset, e.behind
	if name == "" {
		c.Name = f.Name
	}
	c.JSON = quote(c.Name)
	for option := ""; options != ""; {
		option, options, _ = strings.Cut(options, ",")
		switch option {
		case "omitempty":
			c.OmitEmpty = true
		case "omitzero":
			c.OmitZero = true
		case "string":
			quoted := f.Type
			if quoted.Name() == "" {
				quoted = inner
			}
			switch quoted.Kind() {
			case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
				reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
				reflect.Float32, reflect.Float64, reflect.String:
				c.Quoted = true
			}
		}
	}
	c.Type = b.typeOf(f.Type)
	return append(found, c), next
}

// choose makes the fields of t those that are not hidden.
func (t *Type) choose(found []candidate) {
	best := make(map[string]int) // by name
	for i := range found {
		c := &found[i]
		at, ok := best[c.Name]
		if !ok {
			best[c.Name] = i
			continue
		}
		switch b := &found[at]; {
		case len(b.index) < len(c.index) || len(b.index) == len(c.index) && b.tagged && !c.tagged:
			c.hidden = true
		case len(b.index) == len(c.index) && b.tagged == c.tagged:
			b.hidden, c.hidden = true, true
		default:
			b.hidden = true
			best[c.Name] = i
		}
	}
	var chosen []Named
	for i := range found {
		if best[found[i].Name] == i && !found[i].hidden {
			chosen = append(chosen, Named{position(found[i].index), i})
		}
	}
	Sort(chosen)
	for _, c := range chosen {
		t.Fields = append(t.Fields, found[c.At].Field)
	}
	t.names, t.folded = make(map[string]int, len(t.Fields)), make(map[string]int, len(t.Fields))
	for i, f := range t.Fields {
		t.names[f.Name] = i
		folded := string(appendFolded(nil, []byte(f.Name)))
		if _, ok := t.folded[folded]; !ok {
			t.folded[folded] = i
		}
	}
}

// position returns text that is sorted as the index of a field is.
func position(index []int) string {
	var text []byte
	for _, i := range index {
		text = append(text, byte(i>>16), byte(i>>8), byte(i)) // nobody has more fields than that
	}
	return string(text)
}

// quote returns the name of a member. Of what JSON escapes a name can only have U+2028 and
// U+2029, and a field of Go cannot have those.
func quote(name string) []byte { return []byte(`"` + name + `":`) }

// isName reports whether a tag's name can be used. Quotation marks, backslashes and commas
// cannot be in it.
func isName(s string) bool {
	for _, c := range s {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", c) && !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return false
		}
	}
	return s != ""
}

// appendFolded appends a name so that names that differ in letter case alone are equal.
func appendFolded(dst, name []byte) []byte {
	for i := 0; i < len(name); {
		if c := name[i]; c < utf8.RuneSelf {
			if 'a' <= c && c <= 'z' {
				c -= 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(name[i:])
		dst = utf8.AppendRune(dst, smallest(r))
		i += n
	}
	return dst
}

// smallest returns the smallest of the characters that differ from r in case alone.
func smallest(r rune) rune {
	for {
		next := unicode.SimpleFold(r)
		if next <= r {
			return next // it goes round
		}
		r = next
	}
}

type zeroer interface{ IsZero() bool }

var zeroerType = reflect.TypeFor[zeroer]()

// zeroOf returns what tells whether a value of type t is zero, or nil if that is whether
// it is the zero value.
func zeroOf(t reflect.Type) func(r Ref) bool {
	switch {
	case t.Implements(zeroerType):
		switch t.Kind() {
		case reflect.Interface:
			return func(r Ref) bool {
				v := r.Value(t)
				return v.IsNil() || v.Elem().Kind() == reflect.Pointer && v.Elem().IsNil() || v.Interface().(zeroer).IsZero()
			}
		case reflect.Pointer:
			return func(r Ref) bool { v := r.Value(t); return v.IsNil() || v.Interface().(zeroer).IsZero() }
		}
		return func(r Ref) bool { return r.Value(t).Interface().(zeroer).IsZero() }
	case reflect.PointerTo(t).Implements(zeroerType):
		return func(r Ref) bool { return r.Value(t).Addr().Interface().(zeroer).IsZero() }
	}
	return nil
}

// Omitted reports whether the field is left out because of its value.
func (f *Field) Omitted(r Ref) bool {
	if f.OmitEmpty && r.empty(f.Type) {
		return true
	}
	if !f.OmitZero {
		return false
	}
	if f.Type.zero != nil {
		return f.Type.zero(r)
	}
	return r.Value(f.Type.Go).IsZero()
}
