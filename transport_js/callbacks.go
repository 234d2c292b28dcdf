//go:build js

package transportjs

import (
	"sync/atomic"

	"github.com/hack-pad/safejs"
)

// lent counts the functions of Go that JavaScript holds. Tests see it return to zero.
var lent atomic.Int64

// callbacks are the functions that one owner lends to JavaScript, and the
// listeners it added. They are taken back together.
type callbacks struct {
	functions []safejs.Func
	remove    []func()
}

// lend makes fn callable from JavaScript until release. fn must not block.
func (c *callbacks) lend(s *script, fn func(args []safejs.Value)) safejs.Value {
	if s.err != nil {
		return safejs.Undefined()
	}
	function, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		fn(args)
		return nil
	})
	if err != nil {
		s.err = err
		return safejs.Undefined()
	}
	lent.Add(1)
	c.functions = append(c.functions, function)
	return function.Value()
}

// listen adds a listener, a function lent or one of JavaScript's own, until release.
func (c *callbacks) listen(s *script, target safejs.Value, event string, listener safejs.Value, options ...any) {
	s.call(target, "addEventListener", append([]any{event, listener}, options...)...)
	if s.err == nil {
		c.undo(func() { _, _ = target.Call("removeEventListener", event, listener) })
	}
}

// undo has fn called by release, before the functions are given up.
func (c *callbacks) undo(fn func()) {
	c.remove = append(c.remove, fn)
}

// release may be called by one of the functions lent, and more than once.
func (c *callbacks) release() {
	for _, remove := range c.remove {
		remove()
	}
	for _, function := range c.functions {
		function.Release()
		lent.Add(-1)
	}
	*c = callbacks{}
}
