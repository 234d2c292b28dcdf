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
// keeps for itself, or is one of the format.
func EncodeEvent(f parser.Format, namespace string, id *uint64, name string, args []any) ([]transport.Message, error) {
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

// Size returns how many bytes the messages of a packet have.
func Size(group []transport.Message) int {
	size := 0
	for _, m := range group {
		size += len(m.Data)
	}
	return size
}

// Frame puts in front of a packet what Engine.IO has there: the type of its message
// packet, of which a binary message has none. The group is changed.
func Frame(group []transport.Message) []transport.Message {
	const message = '4'
	if first := &group[0]; !first.Binary {
		first.Data = append(first.Data, 0)
		copy(first.Data[1:], first.Data)
		first.Data[0] = message
	}
	return group
}
