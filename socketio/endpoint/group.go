package endpoint

import (
	"fmt"
	"slices"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
)

// EncodeEvent returns the messages of an event, with an acknowledgement id unless
// that is nil. The error matches [event.ErrReserved] for a name that the library
// keeps for itself, is one of the format, or tells that an argument's own method panicked.
func EncodeEvent(f parser.Format, namespace string, id *uint64, name string, args []any) (group []transport.Message, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = notEncoded(value)
		}
	}()
	if parser.Reserved(name) {
		return nil, fmt.Errorf("endpoint: emit %q: %w", name, event.ErrReserved)
	}
	if json, ok := f.(parser.JSON); ok {
		// The compiler sees that this keeps nothing, so that the caller's arguments stay
		// on its stack. What a method of an interface is given is allocated.
		return json.EncodeEvent(namespace, id, name, args)
	}
	var own *uint64
	if id != nil {
		own = new(*id)
	}
	return f.EncodeEvent(namespace, own, name, slices.Clone(args))
}

// EncodeAck returns the messages of the answer to the event with that id. The error is
// one of the format, or tells that an argument's own method panicked.
func EncodeAck(f parser.Format, namespace string, id uint64, args []any) (group []transport.Message, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = notEncoded(value)
		}
	}()
	return f.EncodeAck(namespace, id, args)
}

func notEncoded(panicked any) error { return fmt.Errorf("endpoint: encode: panic: %v", panicked) }
