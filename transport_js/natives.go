//go:build js

package transportjs

import "github.com/hack-pad/safejs"

// separator joins the texts of a batch, so that they cross the border as one. It
// is Engine.IO's separator too, hence rare in a message; a message that holds it crosses alone.
const separator = "\x1e"

// natives are functions of the runtime that do to a whole batch what Go would pay
// for by message. They take their receiver as first argument.
type natives struct {
	array      safejs.Value // class Array
	uint8Array safejs.Value // class Uint8Array
	channel    safejs.Value // class MessageChannel
	call       safejs.Value // Function.prototype.call
	transform  safejs.Value // (array, function) array
	forEach    safejs.Value // (array, function)
	join       safejs.Value // (array, separator) string
	split      safejs.Value // (string, separator) array
	list       safejs.Value // (...) array
	encode     safejs.Value // (string) Uint8Array of UTF-8
	separator  safejs.Value
	once       safejs.Value // option of addEventListener
}

func findNatives() (*natives, error) {
	var s script
	global := safejs.Global()
	array := s.get(global, "Array")
	call := s.get(global, "Function", "prototype", "call")
	unbound := func(class safejs.Value, method string) safejs.Value {
		return s.call(call, "bind", s.get(class, "prototype", method))
	}
	n := &natives{
		array:      array,
		uint8Array: s.get(global, "Uint8Array"),
		channel:    s.get(global, "MessageChannel"),
		call:       call,
		transform:  unbound(array, "map"),
		forEach:    unbound(array, "forEach"),
		join:       unbound(array, "join"),
		split:      unbound(s.get(global, "String"), "split"),
		list:       s.bind(array, "of"),
		encode:     s.bind(s.construct(s.get(global, "TextEncoder")), "encode"),
	}
	n.once = s.construct(s.get(global, "Object"))
	s.set(n.once, "once", true)
	if s.err == nil {
		n.separator, s.err = safejs.ValueOf(separator)
	}
	return n, s.err
}
