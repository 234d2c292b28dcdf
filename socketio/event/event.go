package event

import (
	"context"
	"reflect"
)

// Event declares an event: its name and the type of its payload. Both ends share
// the declaration, so that they cannot disagree.
//
// The payload is the event's only argument. A payload type of struct{} means no
// argument, and one that embeds [Positional] means one argument a field.
type Event[T any] struct {
	name    string
	payload *payload
}

// New declares an event.
func New[T any](name string) Event[T] {
	return Event[T]{name: name, payload: payloadOf(reflect.TypeFor[T]())}
}

// Name returns the event's name on the wire.
func (e Event[T]) Name() string { return e.name }

// Emit sends the event to whoever the emitter reaches.
func (e Event[T]) Emit(to Emitter, v T) error {
	return to.Emit(e.name, e.payload.args(v)...)
}

// On calls fn with the payload of every such event until off is called. A payload
// that does not fit T is a [*DecodeError], which is handled as if fn had returned it.
func (e Event[T]) On(l Listener, fn func(ctx context.Context, v T) error) (off func()) {
	refuseNil(fn == nil, "Event.On")
	return l.On(e.name, func(ctx context.Context, m *Message) error {
		var v T
		if err := e.payload.decode(m, &v); err != nil {
			return err
		}
		return fn(ctx, v)
	})
}

// refuseNil panics at a nil function where the method adds it, not where it would be called.
func refuseNil(isNil bool, method string) {
	if isNil {
		panic("event: " + method + " was given a nil function")
	}
}
