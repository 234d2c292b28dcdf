package endpoint

import (
	"fmt"
	"runtime"

	"github.com/isosocket/isosocket/socketio/event"
)

// Protect calls a function of the user and returns its error as it is, or its panic
// as a [*event.HandlerError] of that name.
func Protect(name string, fn func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panicked(name, value)
		}
	}()
	return fn()
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
