package event

import (
	"context"
	"fmt"

	"github.com/isosocket/isosocket/socketio/parser"
)

// Request is what [Requester] asks for, on either end: it calls send with a new
// id to send the event of that name with, and waits for the answer, for ctx, or
// for the end that Fail or Close bring. A nil codec means [JSON].
//
// The errors are those of [Requester] and of send. Nothing is sent when ctx is
// over already.
func (a *Acks) Request(ctx context.Context, codec Codec, name string, send func(id uint64) error) (*Message, error) {
	if ctx.Err() != nil {
		return nil, noAnswer(ctx, name)
	}
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
			return nil, noAnswer(ctx, name)
		}
		got = <-done // the answer came first
	}
	if got.err != nil {
		return nil, got.err
	}
	return NewReply(name, got.packet, codec)
}

func noAnswer(ctx context.Context, name string) error {
	return fmt.Errorf("event: request %q: %w", name, context.Cause(ctx))
}
