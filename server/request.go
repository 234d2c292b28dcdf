package server

import (
	"context"
	"iter"

	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
)

// Reply is the answer of one socket to a [Broadcast.Request].
type Reply struct {
	Socket  string         // its id; empty if it is not known which socket of Node has not answered
	Node    string         // the name of its server, as the adapter tells it; empty for this one
	Message *event.Message // holds the arguments of the answer; nil when there is an error
}

// Request sends an event to the selected sockets when the iteration begins, and
// yields the answers as they come. A socket that did not answer is yielded with
// the error: the cause of ctx for those that had not when it was done, or a
// [*event.DisconnectError]. One that answered with an error is yielded with that
// [*event.AckError]. So every selected socket comes once.
//
// A server that did not tell in time which sockets it asked is yielded as an
// [*adapter.SilentError], without a Socket. An event that could not be encoded is
// yielded as that error alone, with an empty Reply.
func (b Broadcast) Request(ctx context.Context, name string, args ...any) iter.Seq2[Reply, error] {
	return func(yield func(Reply, error) bool) {
		n := b.namespace
		id := n.ackIDs.Add(1) - 1
		group, err := n.event(name, args, &id)
		if err != nil {
			yield(Reply{}, err)
			return
		}
		var p *adapter.Packet
		if b.relayed() {
			if p, err = relay(n.server.options.Format, group, b.volatile); err != nil {
				yield(Reply{}, err)
				return
			}
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		r := n.request(id, n.toMany(group, name, b.volatile), b.Sockets())
		defer r.forget()
		var others <-chan adapter.Answer
		if p != nil {
			others = pull(func() iter.Seq[adapter.Answer] { return n.adapter.Ask(ctx, p, b.target) })
			defer func() { // waits for the goroutine of pull
				cancel()
				for range others {
				}
			}()
		}
		r.collect(ctx, others, yield)
	}
}

// pull sends what ask yields on a channel, which it closes at the end.
func pull(ask func() iter.Seq[adapter.Answer]) <-chan adapter.Answer {
	out := make(chan adapter.Answer)
	go func() { // ends with the answers; the receiver waits for it by draining out
		defer close(out)
		err := endpoint.Contain("adapter", func() error {
			for a := range ask() {
				out <- a
			}
			return nil
		})
		if err != nil {
			out <- adapter.Answer{Err: err}
		}
	}()
	return out
}

// request is an event that sockets of this server were asked to answer.
type request struct {
	namespace *Namespace
	event     string
	id        uint64
	answers   chan answer
	waiting   map[*Socket]struct{}
}

type answer struct {
	socket *Socket
	packet *parser.Packet
	err    error
}

func (n *Namespace) request(id uint64, p *outgoing, sockets []*Socket) *request {
	r := &request{
		namespace: n,
		event:     p.event,
		id:        id,
		answers:   make(chan answer, len(sockets)), // room for all, because the readers of connections send
		waiting:   make(map[*Socket]struct{}, len(sockets)),
	}
	for _, s := range sockets {
		r.waiting[s] = struct{}{}
		s.ask(id, p, func(p *parser.Packet, err error) { r.answers <- answer{s, p, err} })
	}
	return r
}

// ask sends an event with that id. answer is called once, unless the id is removed
// from s.acks before.
func (s *Socket) ask(id uint64, p *outgoing, answer endpoint.AckFunc) {
	err := s.acks.AddID(id, answer)
	if err == nil {
		if err = s.deliver(p); err == nil || !s.acks.Remove(id) {
			return
		}
	}
	answer(nil, err)
}

// forget makes the sockets that have not answered forget the request.
func (r *request) forget() {
	for s := range r.waiting {
		s.acks.Remove(r.id)
	}
}

// collect yields the answers of this server's sockets and those of others, which
// may be nil, until there are no more of either.
func (r *request) collect(ctx context.Context, others <-chan adapter.Answer, yield func(Reply, error) bool) {
	f := r.namespace.server.options.Format
	done := ctx.Done()
	for len(r.waiting) > 0 || others != nil {
		select {
		case a := <-r.answers:
			delete(r.waiting, a.socket)
			reply, err := Reply{Socket: a.socket.id}, a.err
			if err == nil {
				reply.Message, err = endpoint.Reply(f, a.packet, r.event)
			}
			if !yield(reply, err) {
				return
			}
		case a, more := <-others:
			if !more {
				others = nil
				continue
			}
			m, err := answerOf(r.event, a)
			if !yield(Reply{Socket: a.Socket, Node: a.Node, Message: m}, err) {
				return
			}
		case <-done:
			done = nil // those left have answered
			for s := range r.waiting {
				if s.acks.Remove(r.id) {
					delete(r.waiting, s)
					if !yield(Reply{Socket: s.id}, context.Cause(ctx)) {
						return
					}
				}
			}
		}
	}
}

// answerOf returns the message of an answer that came from another server.
func answerOf(name string, a adapter.Answer) (*event.Message, error) {
	if a.Err != nil {
		return nil, a.Err
	}
	p, err := fromNeutral(parser.Ack, a.Data, a.Attachments)
	if err != nil {
		return nil, err
	}
	return endpoint.Reply(neutral, p, name)
}
