package event

import (
	"context"
	"reflect"
)

// Call declares an event that is acknowledged: its name, the type of its payload
// and the type of the answer. Both types follow the rules of [Event].
type Call[Req, Resp any] struct {
	name              string
	request, response *payload
}

// NewCall declares a call.
func NewCall[Req, Resp any](name string) Call[Req, Resp] {
	return Call[Req, Resp]{name: name, request: payloadOf(reflect.TypeFor[Req]()), response: payloadOf(reflect.TypeFor[Resp]())}
}

// Name returns the event's name on the wire.
func (c Call[Req, Resp]) Name() string { return c.name }

// Handle answers every such event with what fn returns, until off is called. An
// error of fn is sent to the peer only if it is an [*AckError]; any other leaves
// the peer without an answer, see [Handler].
//
// A peer that emitted the event without asking for an answer gets none.
func (c Call[Req, Resp]) Handle(l Listener, fn func(ctx context.Context, req Req) (Resp, error)) (off func()) {
	refuseNil(fn == nil, "Call.Handle")
	return l.On(c.name, func(ctx context.Context, m *Message) error {
		var req Req
		if err := c.request.decode(m, &req); err != nil {
			return err
		}
		resp, err := fn(ctx, req)
		if err != nil || !m.WantsAck() {
			return err
		}
		return m.Ack(c.response.args(resp)...)
	})
}

// Request sends the event and waits for the answer, for as long as ctx allows.
// Its errors are those of [Requester], and a [*DecodeError] for an answer that
// does not fit Resp.
func (c Call[Req, Resp]) Request(ctx context.Context, r Requester, req Req) (Resp, error) {
	var resp Resp
	m, err := r.Request(ctx, c.name, c.request.args(req)...)
	if err != nil {
		return resp, err
	}
	err = c.response.decode(m, &resp)
	return resp, err
}
