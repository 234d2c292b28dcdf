package endpoint

import (
	"fmt"
	"runtime"

	"github.com/isosocket/isosocket/socketio/event"
)

// Protect calls a function of the user and returns its error as it is, or its panic
// as a [*event.HandlerError] of that name. It costs next to nothing. A function that calls
// runtime.Goexit ends the goroutine: see [Contain].
func Protect(name string, fn func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panicked(name, value)
		}
	}()
	return fn()
}

// Contain is Protect on a goroutine of the function's own, about a microsecond: runtime.Goexit
// ends that, and is returned like a panic with the cause [ErrExited]. What the caller
// has to do afterwards is done whatever the function does.
func Contain(name string, fn func() error) (err error) {
	done := make(chan struct{})
	go func() { // ends with fn, which is waited for
		defer close(done)
		returned := false
		defer func() {
			if !returned {
				err = panicked(name, ErrExited)
			}
		}()
		err = Protect(name, fn)
		returned = true
	}()
	<-done
	return err
}

// RefuseNil panics at a nil function where the method adds it, not where it would be called.
func RefuseNil(isNil bool, method string) {
	if isNil {
		panic("isosocket: " + method + " was given a nil function")
	}
}

// panicked returns the panic of a function as an error. It is called by what recovers
// it, or notices that the function has ended its goroutine.
func panicked(name string, value any) error {
	cause, ok := value.(error)
	if !ok {
		cause = fmt.Errorf("%v", value)
	}
	stack := make([]byte, 16<<10)
	return &event.HandlerError{Event: name, Err: cause, Stack: stack[:runtime.Stack(stack, false)]}
}
