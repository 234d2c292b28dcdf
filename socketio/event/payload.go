package event

import "reflect"

// Positional, embedded in a struct, makes a payload of several arguments: the
// struct's other exported fields in order, but not those tagged `json:"-"`. An
// argument that is missing at the end leaves its field zero.
//
//	type Move struct {
//		event.Positional
//		X, Y int
//	}
//
// is what JavaScript sends with emit("move", x, y). The payload may also be a
// pointer to such a struct; nil is then no argument.
type Positional struct{}

// payload is how a payload type maps to arguments. It is worked out once an event.
type payload struct {
	spread  bool // the fields are the arguments; else the payload is the only one
	pointer bool // to what is spread
	fields  []int
}

func payloadOf(t reflect.Type) *payload {
	p := new(payload)
	if t.Kind() == reflect.Pointer {
		t, p.pointer = t.Elem(), true
	}
	if t.Kind() != reflect.Struct {
		return p
	}
	p.spread = t.NumField() == 0
	for i := range t.NumField() {
		switch f := t.Field(i); {
		case f.Anonymous && f.Type == reflect.TypeFor[Positional]():
			p.spread = true
		case f.IsExported() && f.Tag.Get("json") != "-":
			p.fields = append(p.fields, i)
		}
	}
	return p
}

// args returns the arguments that the payload v stands for.
func (p *payload) args(v any) []any {
	if !p.spread {
		return []any{v}
	}
	s := reflect.ValueOf(v)
	if p.pointer {
		if s.IsNil() {
			return nil
		}
		s = s.Elem()
	}
	args := make([]any, len(p.fields))
	for i, f := range p.fields {
		args[i] = s.Field(f).Interface()
	}
	return args
}

// decode is the reverse of args. target is a pointer to the payload.
func (p *payload) decode(m *Message, target any) error {
	if !p.spread {
		return m.decode(m.arguments(1), 0, target)
	}
	s := reflect.ValueOf(target).Elem()
	if p.pointer {
		s.Set(reflect.New(s.Type().Elem()))
		s = s.Elem()
	}
	args := m.arguments(len(p.fields))
	for i, f := range p.fields {
		if err := m.decode(args, i, s.Field(f).Addr().Interface()); err != nil {
			return err
		}
	}
	return nil
}
