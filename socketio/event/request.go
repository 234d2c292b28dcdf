package event

import (
	"context"
	"fmt"

	"github.com/isosocket/isosocket/socketio/parser"
)

// Request does what [Requester] says, for both ends: it registers an id, sends
// the event of that name with it, and waits for the answer, ctx, or the end of the connection.
func (a *Acks) Request(ctx context.Context, codec Codec, name string, send func(id uint64) error) (*Message, error) {
	type answer struct {
		packet *parser.Packet
		err    error
	}
	done := make(chan answer, 1)
	id, err := a.Add(func(p *parser.Packet, err error) { done <- answer{p, err} })
	if err != nil {
		return nil, err
	}
	if err := send(id); err != nil {
		a.Remove(id)
		return nil, err
	}
	var got answer
	select {
	case got = <-done:
	case <-ctx.Done():
		if a.Remove(id) {
			return nil, fmt.Errorf("event: request %q: %w", name, context.Cause(ctx))
		}
		got = <-done // the answer came first
	}
	if got.err != nil {
		return nil, got.err
	}
	return NewReply(name, got.packet, codec)
}
