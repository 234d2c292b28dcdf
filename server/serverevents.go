package server

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/transport/queue"
)

// serverEventLimits bound the events from other servers that wait for their handlers.
var serverEventLimits = queue.Limits{MaxItems: 1024, MaxBytes: 64 << 20}

// ServerReply is the answer of one server to a [Namespace.ServerRequest].
type ServerReply struct {
	Node    string         // the server's name, as the adapter tells it
	Message *event.Message // holds the arguments of the answer; nil when there is an error
}

// OnServer adds a handler for the events of that name that other servers send with
// ServerEmit and ServerRequest, until off is called. A handler answers a
// ServerRequest as it does a client's, with [event.Message.Ack].
//
// The handlers of a namespace run one event at a time, in the order they came. Their
// context is canceled when the server is closed.
func (n *Namespace) OnServer(name string, h event.Handler) (off func()) {
	return n.handlers.On(name, h)
}

// ServerEmit sends an event to the other servers, to their handlers of OnServer in
// this namespace. Without [Options].Adapter there are none. Nil means that it was
// accepted, not that it has arrived.
func (n *Namespace) ServerEmit(name string, args ...any) error {
	p, err := serverEvent(name, args)
	if err != nil || n.adapter == nil {
		return err
	}
	return n.adapter.ServerEmit(p)
}

// ServerRequest is ServerEmit that yields the answer of each other server as it
// comes. It begins with the iteration, and ends when all have answered or ctx is
// done: then those that have not are yielded with an [*adapter.SilentError].
func (n *Namespace) ServerRequest(ctx context.Context, name string, args ...any) iter.Seq2[ServerReply, error] {
	return func(yield func(ServerReply, error) bool) {
		p, err := serverEvent(name, args)
		if err != nil {
			yield(ServerReply{}, err)
			return
		}
		if n.adapter == nil {
			return
		}
		for a := range n.adapter.ServerRequest(ctx, p) {
			m, err := answerOf(name, a)
			if !yield(ServerReply{Node: a.Node, Message: m}, err) {
				return
			}
		}
	}
}

// enqueue queues an event from another server for its handlers.
func (n *Namespace) enqueue(m *event.Message, size int) error {
	if !n.server.begin() {
		return errClosed
	}
	err := n.inbox.Put(nil, m, size)
	if err != nil {
		n.server.done()
	}
	return err
}

// serve gives an event to its handlers.
func (n *Namespace) serve(_ any, m *event.Message) {
	defer n.server.done()
	n.handlers.Dispatch(n.server.context, m, func(err error) { n.server.report(n, nil, err) })
}

// answerer returns the function that acknowledges an event from another server, nil if
// that wants no answer.
func answerer(reply func(data json.RawMessage, attachments [][]byte)) func(args ...any) error {
	if reply == nil {
		return nil
	}
	return func(args ...any) error {
		group, err := endpoint.EncodeAck(neutral, "/", 0, args)
		if err != nil {
			return err
		}
		p, err := decodeNeutral(group)
		if err != nil {
			return err
		}
		reply(p.Data, p.Attachments)
		return nil
	}
}
