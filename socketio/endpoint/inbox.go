package endpoint

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport/queue"
)

// Inbox is what waits for the handlers of one socket: events, each with what its
// end has to know of where it came from, and calls of the end's own. It runs one at
// a time, in order, on a goroutine that exists only while something waits. Its
// methods may be called concurrently, and all but Wait by what it runs.
type Inbox struct {
	queue  queue.Queue[item]
	handle func(from any, m *event.Message)
	report func(err error)

	mu    sync.Mutex
	batch []item       // in work, unless it is of one item; guarded by mu
	next  atomic.Int64 // the first of the batch that was not begun
}

// ErrExited is the cause of the [*event.HandlerError] for a function of the user
// that ended its goroutine with runtime.Goexit, as a test does that fails.
var ErrExited = errors.New("it called runtime.Goexit")

// item is small, because a burst of events makes a long slice of them.
type item struct {
	message *event.Message
	from    any // of the message; where there is none, the func() to call
}

// Init makes an Inbox that is a field of another struct ready for use. handle
// gives an event to its handlers. When a handler, or a call, ends the goroutine with
// runtime.Goexit, that is told to report, what is left of that event's handlers is not
// called, and the inbox goes on with the next.
func (b *Inbox) Init(limits queue.Limits, handle func(any, *event.Message), report func(error)) {
	b.handle, b.report = handle, report
	b.queue.Init(limits, b.run)
}

// Employ makes the inbox run on goroutines of w. It is called before anything is put.
func (b *Inbox) Employ(w *queue.Workers) { b.queue.Employ(w) }

// Put appends an event of that size. The error is one of package queue.
func (b *Inbox) Put(from any, m *event.Message, size int) error {
	return b.queue.Put(item{from: from, message: m}, size)
}

// PutWait is Put that waits for room until ctx is done, and then returns the cause.
func (b *Inbox) PutWait(ctx context.Context, from any, m *event.Message, size int) error {
	return b.queue.PutWait(ctx, item{from: from, message: m}, size)
}

// Force is Put of an event that the limits do not refuse. A closed inbox ignores it.
func (b *Inbox) Force(from any, m *event.Message, size int) {
	_ = b.queue.Force(item{from: from, message: m}, size)
}

// Call appends a call, whatever waits already. A closed inbox ignores it.
func (b *Inbox) Call(fn func()) { _ = b.queue.Force(item{from: fn}, 0) }

// Pause lets everything wait for Resume. What runs goes on.
func (b *Inbox) Pause() { b.queue.PauseNow() }

// Resume ends a pause.
func (b *Inbox) Resume() { b.queue.Resume() }

// Drop forgets what waits, calls as well. What runs goes on.
func (b *Inbox) Drop() {
	b.queue.Take(nil, func(item) int { return 0 })
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := int64(len(b.batch)); n > 0 {
		first := min(b.next.Swap(n), n)
		clear(b.batch[first:])
	}
}

// Close refuses what comes later, and forgets what waits.
func (b *Inbox) Close() { b.queue.Close() }

// Wait returns when nothing waits and nothing runs, or when ctx is done.
func (b *Inbox) Wait(ctx context.Context) error { return b.queue.Wait(ctx) }

func (b *Inbox) run(batch []item) {
	reserveStack(0)
	b.next.Store(0)
	if len(batch) > 1 {
		b.share(batch)
		defer b.share(nil)
	}
	b.work(batch)
}

// share makes the batch known to Drop.
func (b *Inbox) share(batch []item) {
	b.mu.Lock()
	b.batch = batch
	b.mu.Unlock()
}

// work does what was not begun of the batch.
func (b *Inbox) work(batch []item) {
	var now item // what is being done; zero in the end
	defer func() {
		if value := recover(); value != nil {
			panic(value) // of our own making
		}
		if now.message == nil && now.from == nil {
			return
		}
		// runtime.Goexit was called. It lets deferred functions finish.
		name := "call"
		if now.message != nil {
			name = now.message.Name()
		}
		b.report(panicked(name, ErrExited))
		b.work(batch)
	}()
	for i := b.next.Add(1) - 1; i < int64(len(batch)); i = b.next.Add(1) - 1 {
		now = batch[i]
		batch[i] = item{} // not kept while later ones are handled
		if now.message != nil {
			b.handle(now.from, now.message)
		} else {
			now.from.(func())()
		}
		now = item{}
	}
}

// reserveStack makes sure that the goroutine has 4 KB of stack, which no handler can
// do without. To grow it here, where little is on it, costs a fifth of what it costs
// in the depths of a handler.
//
//go:noinline
func reserveStack(i int) byte {
	var space [1536]byte
	return space[i]
}

// What a packet takes besides its bytes: the message that is made of it, the function
// that acknowledges it and its place in an inbox; and of an attachment its slice.
const (
	packetOverhead     = 320
	attachmentOverhead = 64
)

// PacketSize returns how many bytes a decoded packet holds while it waits for a handler
// as a message. That is what both ends bound: of the memory that a packet takes it is
// half at least, whatever a peer has sent.
func PacketSize(p *parser.Packet) int {
	size := packetOverhead + len(p.Data)
	for _, attachment := range p.Attachments {
		size += attachmentOverhead + len(attachment)
	}
	return size
}
