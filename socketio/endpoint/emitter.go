package endpoint

import "github.com/isosocket/isosocket/socketio/event"

// EmitterFunc is an [event.Emitter] that is a function, such as the volatile one of
// a socket.
type EmitterFunc func(name string, args ...any) error

var _ event.Emitter = EmitterFunc(nil)

// Emit calls the function.
func (fn EmitterFunc) Emit(name string, args ...any) error { return fn(name, args...) }
