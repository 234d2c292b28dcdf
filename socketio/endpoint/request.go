package endpoint

import (
	"context"
	"fmt"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
)

// Request is what [event.Requester] asks for, on either end: it calls send with a
// new id to send the event of that name with, and waits for the answer, for ctx, or
// for the end that Fail or Close bring.
//
// The errors are those of [event.Requester] and of send. Nothing is sent when ctx is
// done already.
func (a *Acks) Request(ctx context.Context, f parser.Format, name string, send func(id uint64) error) (*event.Message, error) {
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
	return Reply(f, got.packet, name)
}

func noAnswer(ctx context.Context, name string) error {
	return fmt.Errorf("endpoint: request %q: %w", name, context.Cause(ctx))
}

// Reply returns the message of a decoded Ack, which answers the event of that name.
// The error is an [*event.AckError] if that is what the peer answered with.
func Reply(f parser.Format, p *parser.Packet, name string) (*event.Message, error) {
	if message, data, failed := f.Failure(*p); failed {
		return nil, &event.AckError{Message: message, Data: received(data)}
	}
	return event.NewReply(f, p, name), nil
}

// received returns the Data of an error that came from the peer.
func received(data parser.Value) any {
	if data.Data == nil {
		return nil
	}
	return data
}
