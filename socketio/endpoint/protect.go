package endpoint

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/isosocket/isosocket/socketio/event"
)

// Protect calls a function of the user and returns its error, or its panic
// as a [*event.HandlerError] of that name. An error whose own methods panic counts as a panic. It costs next to nothing. A function that calls
// runtime.Goexit ends the goroutine: see [Contain].
func Protect(name string, fn func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panicked(name, value)
		}
	}()
	err = fn()
	probe(err)
	return err
}

// probe calls the methods of a user's error that those call who look for its cause. Of a
// typed nil they panic, which is to happen where it harms nobody.
func probe(err error) {
	if err == nil {
		return
	}
	_ = err.Error()
	_, _ = errors.AsType[*unlike](err) // which, unlike errors.As, costs a browser program little
	errors.Is(err, (*unlike)(nil))
}

// sound reports whether the methods of an error do not panic.
func sound(err error) (ok bool) {
	defer func() { _ = recover() }()
	probe(err)
	return true
}

// unlike is an error that no other is or wraps.
type unlike struct{}

func (*unlike) Error() string { return "" }

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
	if !ok || !sound(cause) {
		cause = fmt.Errorf("%v", value)
	}
	stack := make([]byte, 16<<10)
	return &event.HandlerError{Event: name, Err: cause, Stack: stack[:runtime.Stack(stack, false)]}
}
