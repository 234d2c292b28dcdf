package event

import "context"

// Handler receives one incoming event. The message is its own: it may keep it
// and answer it later.
//
// An [*AckError] that it returns while the peer waits for an acknowledgement is the
// answer. Any other error, and a panic, goes to the OnError of the options as a
// [*HandlerError].
type Handler func(ctx context.Context, m *Message) error

// Emitter sends events: a socket of either end, a namespace, a broadcast.
type Emitter interface {
	// Emit encodes the arguments before it returns; the caller may change them
	// then. An error means that nothing was sent.
	Emit(name string, args ...any) error
}

// Listener receives events: a socket of either end.
type Listener interface {
	// On adds a handler for the events of that name, until off is called.
	On(name string, h Handler) (off func())
}

// Requester sends events and waits for their acknowledgement: a socket of either end.
type Requester interface {
	// Request returns the acknowledgement, whose arguments are those of the
	// message. The error is an [*AckError] that the peer answered with, a
	// [*DisconnectError], the cause of ctx, or one of encoding.
	Request(ctx context.Context, name string, args ...any) (*Message, error)
}
