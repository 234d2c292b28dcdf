package plan

import (
	"reflect"
	"sync"
)

// Kind is what values of a type are to a writer.
type Kind uint8

const (
	Unsupported Kind = iota // a channel, function or complex number
	Bool                    // true or false
	Int                     // a signed integer of any size
	Uint                    // an unsigned one
	Float                   // of 32 or 64 bits
	String                  // text
	Number                  // encoding/json's Number: a number as text
	Raw                     // encoding/json's RawMessage: JSON that is there already
	Bytes                   // a slice of bytes, which is binary
	Slice                   // of anything else
	Array                   // its length is part of its type
	Map                     // an object, or Unsupported by its Key
	Struct                  // an object
	Pointer                 // to a value, or null
	Interface               // a value of any type that it allows, or null
)

// Method is how a type writes or reads itself.
type Method uint8

const (
	None Method = iota // it does not
	JSON               // MarshalJSON, UnmarshalJSON
	Text               // MarshalText, UnmarshalText
)

// Own says how a type writes itself.
type Own struct {
	Method  Method // None if it does not
	Pointer bool   // the method is that of a pointer to it
}

// Type is how values of a Go type are written and read. It is not changed any more.
type Type struct {
	Go   reflect.Type // the type
	Kind Kind         // of its values
	Size uintptr      // of a value, in bytes

	Elem *Type // of a Slice, Array, Map or Pointer
	Key  *Type // of a Map
	Len  int   // of an Array

	Fields []Field // of a Struct, in the order in which they are written
	names  map[string]int
	folded map[string]int

	// Marshal says how a value writes itself where it can be addressed, and
	// MarshalAnywhere where it cannot, as in a map or an interface: a method of a pointer
	// is called in the first case alone.
	Marshal, MarshalAnywhere Own

	// Unmarshal says how a value reads itself behind a pointer. One of a type without a name
	// that is reached otherwise does not.
	Unmarshal Method
	Named     bool // it has a name

	// As the key of a map it is written by MarshalText, unless it is a String, and read by
	// UnmarshalText.
	KeyToText, KeyFromText bool

	zero func(Ref) bool // for omitzero; nil for the zero value
}

// Field is a field of a struct that is written. Fields of embedded structs are fields
// of the struct that embeds them.
type Field struct {
	Name      string // of the member
	JSON      []byte // the name as JSON has it, with quotation marks and a colon
	Type      *Type  // of the field
	Quoted    bool   // the value is written as text, by the option string
	OmitEmpty bool   // it is left out where it is empty
	OmitZero  bool   // it is left out where it is zero

	index  []int
	offset uintptr // in the struct, unless it is behind a pointer
	behind bool    // an embedded pointer
}

var (
	types sync.Map // reflect.Type → *Type, whole graphs of them
	mu    sync.Mutex
)

// Of returns the plan of a type.
func Of(t reflect.Type) *Type {
	if known, ok := types.Load(t); ok {
		return known.(*Type)
	}
	mu.Lock()
	defer mu.Unlock()
	b := builder{made: make(map[reflect.Type]*Type)}
	made := b.typeOf(t)
	for t, made := range b.made { // only now are they complete
		types.Store(t, made)
	}
	return made
}

// Field returns the field of that name, or else one that differs from it in letter case
// alone; -1 if there is none.
func (t *Type) Field(name []byte) int {
	if i, ok := t.names[string(name)]; ok {
		return i
	}
	var inline [64]byte
	if i, ok := t.folded[string(appendFolded(inline[:0], name))]; ok {
		return i
	}
	return -1
}

// builder makes the plans of a type and of all that it is made of.
type builder struct{ made map[reflect.Type]*Type }

func (b *builder) typeOf(t reflect.Type) *Type {
	if known, ok := types.Load(t); ok {
		return known.(*Type)
	}
	if made, ok := b.made[t]; ok {
		return made
	}
	made := &Type{Go: t, Kind: kindOf(t), Size: t.Size(), Named: t.Name() != ""}
	b.made[t] = made
	made.methods()
	made.zero = zeroOf(t)
	if made.Kind == Array {
		made.Len = t.Len()
	}
	if made.Named && made.MarshalAnywhere.Method != None && made.Unmarshal != None {
		return made // what it is made of is its own affair
	}
	switch made.Kind {
	case Map:
		made.Key = b.typeOf(t.Key())
		made.Elem = b.typeOf(t.Elem())
	case Bytes, Slice, Array, Pointer:
		made.Elem = b.typeOf(t.Elem())
	case Struct:
		b.fields(made)
	}
	return made
}

func kindOf(t reflect.Type) Kind {
	switch t.Kind() {
	case reflect.Bool:
		return Bool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return Int
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return Uint
	case reflect.Float32, reflect.Float64:
		return Float
	case reflect.String:
		if isNumber(t) {
			return Number
		}
		return String
	case reflect.Slice:
		switch {
		case isRaw(t):
			return Raw
		case t.Elem().Kind() == reflect.Uint8:
			return Bytes
		}
		return Slice
	case reflect.Array:
		return Array
	case reflect.Map:
		return Map
	case reflect.Pointer:
		return Pointer
	case reflect.Interface:
		return Interface
	case reflect.Struct:
		return Struct
	}
	return Unsupported
}

// Own returns Marshal or MarshalAnywhere.
func (t *Type) Own(addressable bool) Own {
	if addressable {
		return t.Marshal
	}
	return t.MarshalAnywhere
}

// Numbers reports whether slices of bytes of this type are written as arrays, because
// their elements write themselves.
func (t *Type) Numbers() bool { return t.Elem.Marshal.Method != None }

type (
	marshaler       interface{ MarshalJSON() ([]byte, error) }
	textMarshaler   interface{ MarshalText() ([]byte, error) }
	unmarshaler     interface{ UnmarshalJSON([]byte) error }
	textUnmarshaler interface{ UnmarshalText([]byte) error }
)

var (
	marshalerType       = reflect.TypeFor[marshaler]()
	textMarshalerType   = reflect.TypeFor[textMarshaler]()
	unmarshalerType     = reflect.TypeFor[unmarshaler]()
	textUnmarshalerType = reflect.TypeFor[textUnmarshaler]()
)

func (t *Type) methods() {
	if isNumber(t.Go) || isRaw(t.Go) {
		return // whose methods are known
	}
	p := reflect.PointerTo(t.Go)
	switch {
	case t.Go.Implements(marshalerType):
		t.MarshalAnywhere = Own{JSON, false}
	case t.Go.Implements(textMarshalerType):
		t.MarshalAnywhere = Own{Text, false}
	}
	t.Marshal = t.MarshalAnywhere
	if t.Go.Kind() != reflect.Pointer && t.Marshal.Method != JSON {
		switch {
		case p.Implements(marshalerType):
			t.Marshal = Own{JSON, true}
		case t.Marshal.Method == None && p.Implements(textMarshalerType):
			t.Marshal = Own{Text, true}
		}
	}
	t.KeyToText, t.KeyFromText = t.Go.Implements(textMarshalerType), p.Implements(textUnmarshalerType)
	switch {
	case p.Implements(unmarshalerType):
		t.Unmarshal = JSON
	case p.Implements(textUnmarshalerType):
		t.Unmarshal = Text
	}
}

// The two types of encoding/json that are not what they look like are known by their
// names, because importing it costs a browser program 54 KB. From Go 1.27 on RawMessage is
// another name for jsontext.Value.
func isNumber(t reflect.Type) bool {
	return t.PkgPath() == "encoding/json" && t.Name() == "Number" && t.Kind() == reflect.String
}

func isRaw(t reflect.Type) bool {
	switch t.PkgPath() {
	case "encoding/json":
		return t.Name() == "RawMessage"
	case "encoding/json/jsontext":
		return t.Name() == "Value"
	}
	return false
}
