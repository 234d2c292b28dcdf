package server

import (
	"errors"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport/queue"
)

// inboxItems is how many events may wait for a socket's handlers before nothing
// more is read from its client. Their bytes are bounded by Options.MaxPayload.
const inboxItems = 1024

// task is something for the inbox: an event, or a function of our own.
type task struct {
	message *event.Message
	run     func()
}

// On adds a handler for the events of that name, until off is called, see [event.Handlers].
func (s *Socket) On(name string, h event.Handler) (off func()) { return s.handlers.On(name, h) }

// Once adds a handler for one event of that name.
func (s *Socket) Once(name string, h event.Handler) (off func()) { return s.handlers.Once(name, h) }

// OnAny adds a handler for the events of every name, called before those of On.
func (s *Socket) OnAny(h event.Handler) (off func()) { return s.handlers.OnAny(h) }

// receive queues an event for the handlers. It waits while they are far behind.
func (s *Socket) receive(p *parser.Packet) {
	if s.state.Load() == disconnected {
		return
	}
	var ack func(args ...any) error
	if p.HasID {
		id := p.ID
		ack = func(args ...any) error { return s.answer(id, args) }
	}
	m, err := event.NewMessage(p, s.namespace.server.options.Codec, ack)
	if err != nil {
		s.conn.fail(err)
		return
	}
	if trace := s.namespace.server.trace.Load(); trace != nil {
		trace.eventReceived(s, m)
	}
	size := packetSize(p)
	if s.inbox.Put(task{message: m}, size) == queue.ErrFull {
		s.session.Hold(func() { s.inbox.PutWait(s.Context(), task{message: m}, size) })
	}
}

func packetSize(p *parser.Packet) int {
	size := len(p.Data)
	for _, attachment := range p.Attachments {
		size += len(attachment)
	}
	return size
}

func (s *Socket) answer(id uint64, args []any) error {
	group, err := s.namespace.ack(id, args)
	if err != nil {
		return err
	}
	return s.send(&outgoing{messages: group, trace: s.namespace.server.trace.Load()})
}

// enqueue queues something that must not get lost in a full inbox. Behind finish
// the inbox takes nothing any more.
func (s *Socket) enqueue(t task) { s.inbox.Force(t, 0) }

// work handles a batch of the inbox.
func (s *Socket) work(batch []task) {
	reserveStack(0)
	for i := range batch {
		t := batch[i]
		batch[i] = task{} // not kept while later ones are handled
		switch {
		case t.run != nil:
			t.run()
		case s.entered:
			s.handle(t.message)
		}
	}
}

// handle gives an event to its handlers.
func (s *Socket) handle(m *event.Message) {
	trace := s.namespace.server.trace.Load()
	if trace == nil {
		s.handlers.Dispatch(s.Context(), m, s.report)
		return
	}
	ctx, end := trace.handling(s.Context(), s, m)
	var errs []error
	s.handlers.Dispatch(ctx, m, func(err error) {
		errs = append(errs, err)
		s.report(err)
	})
	end(errors.Join(errs...))
}

// reserveStack makes sure that the goroutine has 4 KB of stack, which no handler can do
// without. To grow it here, where little is on it, costs a fifth of what it costs
// in the depths of a handler.
//
//go:noinline
func reserveStack(i int) byte {
	var space [1536]byte
	return space[i]
}

func (s *Socket) report(err error) { s.namespace.server.report(s.namespace, s, err) }
