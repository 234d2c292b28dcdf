//go:build js

package transportjs

import "github.com/hack-pad/safejs"

// script is a run of operations on JavaScript values. After the first that throws
// the others do nothing, and err is what was thrown. Inlined into their callers, the
// methods used most would make every program 5 KB larger.
type script struct {
	err error
}

// get follows the names from v.
//
//go:noinline
func (s *script) get(v safejs.Value, names ...string) safejs.Value {
	for _, name := range names {
		if s.err == nil {
			v, s.err = v.Get(name)
		}
	}
	return v
}

//go:noinline
func (s *script) set(v safejs.Value, name string, x any) {
	if s.err == nil {
		s.err = v.Set(name, x)
	}
}

//go:noinline
func (s *script) call(v safejs.Value, method string, args ...any) (result safejs.Value) {
	if s.err == nil {
		result, s.err = v.Call(method, args...)
	}
	return result
}

//go:noinline
func (s *script) invoke(function safejs.Value, args ...any) (result safejs.Value) {
	if s.err == nil {
		result, s.err = function.Invoke(args...)
	}
	return result
}

//go:noinline
func (s *script) construct(class safejs.Value, args ...any) (result safejs.Value) {
	if s.err == nil {
		result, s.err = class.New(args...)
	}
	return result
}

// bind returns the method of v as a function that needs no receiver.
func (s *script) bind(v safejs.Value, method string, args ...any) safejs.Value {
	return s.call(s.get(v, method), "bind", append([]any{v}, args...)...)
}

//go:noinline
func (s *script) length(v safejs.Value) (n int) {
	if s.err == nil {
		n, s.err = v.Length()
	}
	return n
}

func (s *script) index(v safejs.Value, i int) (element safejs.Value) {
	if s.err == nil {
		element, s.err = v.Index(i)
	}
	return element
}

func (s *script) int(v safejs.Value) (n int) {
	if s.err == nil {
		n, s.err = v.Int()
	}
	return n
}

func (s *script) bool(v safejs.Value) (b bool) {
	if s.err == nil {
		b, s.err = v.Bool()
	}
	return b
}

func (s *script) string(v safejs.Value) (text string) {
	if s.err == nil {
		text, s.err = v.String()
	}
	return text
}

// bytes copies a Uint8Array.
func (s *script) bytes(array safejs.Value) []byte {
	b := make([]byte, s.length(array))
	if s.err == nil {
		_, s.err = safejs.CopyBytesToGo(b, array)
	}
	return b
}

// array makes a Uint8Array with a copy of b.
func (s *script) array(class safejs.Value, b []byte) safejs.Value {
	array := s.construct(class, len(b))
	if s.err == nil {
		_, s.err = safejs.CopyBytesToJS(array, b)
	}
	return array
}
