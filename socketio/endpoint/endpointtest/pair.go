package endpointtest

import (
	"context"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
)

// End is one of two sockets that are joined in memory. What one emits has gone
// through their format and the other's handlers when Emit returns.
type End struct {
	endpoint.Handlers
	Acks    endpoint.Acks       // of requests that wait
	OnError func(error)         // is given the errors of handlers; nil ignores them
	Sent    []transport.Message // the last packet that this end has sent

	format  parser.Format
	decoder parser.Decoder
	peer    *End
}

var (
	_ event.Emitter   = (*End)(nil)
	_ event.Listener  = (*End)(nil)
	_ event.Requester = (*End)(nil)
)

// Pair returns two ends that speak the format, nil being [parser.JSON].
func Pair(f parser.Format) (a, b *End) {
	if f == nil {
		f = parser.JSON{}
	}
	limits := parser.Limits{MaxAttachments: 1000}
	a = &End{format: f, decoder: f.NewDecoder(limits)}
	b = &End{format: f, decoder: f.NewDecoder(limits), peer: a}
	a.peer = b
	return a, b
}

// Emit implements [event.Emitter].
func (e *End) Emit(name string, args ...any) error { return e.emit(nil, name, args) }

// Request implements [event.Requester].
func (e *End) Request(ctx context.Context, name string, args ...any) (*event.Message, error) {
	return e.Acks.Request(ctx, e.format, name, func(id uint64) error { return e.emit(&id, name, args) })
}

func (e *End) emit(id *uint64, name string, args []any) error {
	group, err := endpoint.EncodeEvent(e.format, "/", id, name, args)
	if err != nil {
		return err
	}
	return e.send(group)
}

func (e *End) send(group []transport.Message) error {
	e.Sent = group
	for _, m := range group {
		p, complete, err := e.peer.decoder.Decode(m)
		if err != nil {
			return err
		}
		if complete {
			e.peer.receive(&p)
		}
	}
	return nil
}

func (e *End) receive(p *parser.Packet) {
	if p.Type == parser.Ack {
		e.Acks.Resolve(p.ID, p)
		return
	}
	var ack func(args ...any) error
	if p.HasID {
		ack = func(args ...any) error {
			group, err := e.format.EncodeAck("/", p.ID, args)
			if err != nil {
				return err
			}
			return e.send(group)
		}
	}
	e.Dispatch(context.Background(), event.NewMessage(e.format, p, ack), e.OnError)
}
