package event

import "reflect"

// Positional, embedded in a struct, makes a payload of several arguments: the
// struct's other exported fields, in order. Fields tagged `json:"-"` are left
// out; other embedded structs are one argument.
//
//	type Move struct {
//		event.Positional
//		X, Y int
//	}
//
// is what JavaScript sends with emit("move", x, y). Arguments missing at the end
// leave their fields zero.
type Positional struct{}

// payload is how a payload type maps to arguments.
type payload struct {
	typ    reflect.Type
	spread bool  // the fields are the arguments, else the value itself is the only one
	fields []int // of a spread struct; none for struct{}
}

func payloadOf[T any]() *payload {
	p := &payload{typ: reflect.TypeFor[T]()}
	if p.typ.Kind() != reflect.Struct {
		return p
	}
	p.spread = p.typ.NumField() == 0
	for i := range p.typ.NumField() {
		f := p.typ.Field(i)
		switch {
		case f.Anonymous && f.Type == reflect.TypeFor[Positional]():
			p.spread = true
		case f.IsExported() && f.Tag.Get("json") != "-":
			p.fields = append(p.fields, i)
		}
	}
	if !p.spread {
		p.fields = nil
	}
	return p
}

// args returns the arguments that the payload v stands for.
func (p *payload) args(v any) []any {
	if !p.spread {
		return []any{v}
	}
	s := reflect.ValueOf(v)
	args := make([]any, len(p.fields))
	for i, f := range p.fields {
		args[i] = s.Field(f).Interface()
	}
	return args
}

// decode is the reverse of args. target is a pointer to the payload.
func (p *payload) decode(m *Message, target any) error {
	if !p.spread {
		return m.decode(0, target)
	}
	s := reflect.ValueOf(target).Elem()
	for i, f := range p.fields {
		if err := m.decode(i, s.Field(f).Addr().Interface()); err != nil {
			return err
		}
	}
	return nil
}
