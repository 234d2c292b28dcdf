package adapter

import (
	"errors"
	"fmt"
)

// ErrClosed is returned by an adapter after its Close.
var ErrClosed = errors.New("adapter: closed")

// SilentError says that another server did not answer in time, so that it is not
// known what its sockets would have answered or which it has.
type SilentError struct {
	Node string // its name; empty if it has none yet
	Err  error  // the cause of the context
}

// Error tells the server and the cause.
func (e *SilentError) Error() string {
	return fmt.Sprintf("adapter: server %q is silent: %v", e.Node, e.Err)
}

// Unwrap returns Err.
func (e *SilentError) Unwrap() error { return e.Err }
