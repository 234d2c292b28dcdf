package event_test

import (
	"context"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
)

// end is one of two sockets that are joined in memory. What one emits has gone
// through the wire format and the other's handlers when Emit returns.
type end struct {
	event.Handlers
	acks    event.Acks
	codec   event.Codec
	peer    *end
	onError func(error)
}

var (
	_ event.Emitter   = (*end)(nil)
	_ event.Listener  = (*end)(nil)
	_ event.Requester = (*end)(nil)
)

func newPair() (a, b *end) {
	a, b = new(end), new(end)
	a.peer, b.peer = b, a
	return a, b
}

func (e *end) Emit(name string, args ...any) error {
	p := parser.Packet{Type: parser.Event}
	if _, err := event.EncodeEvent(e.codec, nil, &p, name, args...); err != nil {
		return err
	}
	return e.send(p)
}

func (e *end) Request(ctx context.Context, name string, args ...any) (*event.Message, error) {
	return e.acks.Request(ctx, e.codec, name, func(id uint64) error {
		p := parser.Packet{Type: parser.Event, ID: id, HasID: true}
		if _, err := event.EncodeEvent(e.codec, nil, &p, name, args...); err != nil {
			return err
		}
		return e.send(p)
	})
}

func (e *end) send(p parser.Packet) error {
	received, err := transfer(p)
	if err != nil {
		return err
	}
	return e.peer.receive(&received)
}

func (e *end) receive(p *parser.Packet) error {
	if p.Type == parser.Ack {
		e.acks.Resolve(p.ID, p)
		return nil
	}
	var ack func(args ...any) error
	if p.HasID {
		ack = func(args ...any) error {
			answer := parser.Packet{Type: parser.Ack, ID: p.ID, HasID: true}
			if _, err := event.EncodeAck(e.codec, nil, &answer, args...); err != nil {
				return err
			}
			return e.send(answer)
		}
	}
	m, err := event.NewMessage(p, e.codec, ack)
	if err != nil {
		return err
	}
	e.Dispatch(context.Background(), m, e.onError)
	return nil
}

// transfer sends a packet through the wire format.
func transfer(p parser.Packet) (parser.Packet, error) {
	var d parser.Decoder
	d.Limits.MaxAttachments = 1000
	received, complete, err := d.Text(parser.Append(nil, &p))
	for _, attachment := range p.Attachments {
		if err != nil || complete {
			break
		}
		received, complete, err = d.Binary(attachment)
	}
	return received, err
}
