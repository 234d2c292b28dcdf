//go:build js

package main

import (
	"errors"
	"syscall/js"
)

var (
	global   = js.Global()
	document = global.Get("document")
)

// element returns the page's element with that id.
func element(id string) js.Value { return document.Call("getElementById", id) }

// stamp returns a copy of the element in a template. Nothing here or elsewhere makes
// markup of strings: what people write only ever becomes text.
func stamp(template string) js.Value {
	return element(template).Get("content").Get("firstElementChild").Call("cloneNode", true)
}

// part returns the element of a class inside another.
func part(e js.Value, class string) js.Value { return e.Call("querySelector", "."+class) }

func text(e js.Value, s string) { e.Set("textContent", s) }

func hide(e js.Value, yes bool) { e.Set("hidden", yes) }

func attribute(e js.Value, name, value string) { e.Call("setAttribute", name, value) }

// flag sets an attribute, or removes it.
func flag(e js.Value, name, value string, set bool) {
	if set {
		e.Call("setAttribute", name, value)
	} else {
		e.Call("removeAttribute", name)
	}
}

// phase shows the part of the page that belongs to what is going on.
func phase(name string) {
	attribute(document.Get("body"), "data-phase", name)
	hide(element("welcome"), name == "chat")
	hide(element("chat"), name != "chat")
}

// object makes a JavaScript object of pairs of names and values.
func object(pairs map[string]any) js.Value { return js.ValueOf(pairs) }

// listeners are the callbacks that the page's elements hold.
type listeners struct{ remove []func() }

// on calls fn for an event of the target until release. Fn runs inside the event
// and must not wait: whatever would, it gives to a goroutine.
func (l *listeners) on(target js.Value, event string, fn func(e js.Value)) {
	f := js.FuncOf(func(_ js.Value, args []js.Value) any {
		fn(args[0])
		return nil
	})
	target.Call("addEventListener", event, f)
	l.remove = append(l.remove, func() {
		target.Call("removeEventListener", event, f)
		f.Release()
	})
}

// release removes them all. After the program has ended, a callback would throw.
func (l *listeners) release() {
	for _, remove := range l.remove {
		remove()
	}
	l.remove = nil
}

// await waits for a promise. It must not be called from a callback, as the promise
// cannot settle before that has returned.
func await(promise js.Value) (js.Value, error) {
	type result struct {
		value js.Value
		err   error
	}
	settled := make(chan result, 1)
	resolve := js.FuncOf(func(_ js.Value, args []js.Value) any {
		settled <- result{value: args[0]}
		return nil
	})
	defer resolve.Release()
	reject := js.FuncOf(func(_ js.Value, args []js.Value) any {
		settled <- result{err: errors.New(args[0].Call("toString").String())}
		return nil
	})
	defer reject.Release()
	promise.Call("then", resolve, reject)
	r := <-settled
	return r.value, r.err
}
