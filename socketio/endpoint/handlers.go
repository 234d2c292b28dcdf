package endpoint

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/isosocket/isosocket/socketio/event"
)

// Handlers holds what one socket does with incoming events. The zero value is
// ready for use, and takes no more memory until the first handler is added. The
// methods may be called concurrently, also by the handlers.
type Handlers struct {
	mu    sync.Mutex
	table atomic.Pointer[table] // replaced, never changed, under mu
}

// table holds the handlers in the order they are called for an event, were it of all
// names: first those for any name, then the others by name. Those that are equal in this
// are in the order they were added.
type table struct {
	handlers []*handler
	any      int // how many are for any name
}

type handler struct {
	name string
	any  bool // it is for any name
	fn   event.Handler
	once bool
	done atomic.Bool // it must not be called any more
}

// On adds a handler for the events of that name. It is not called for an event
// whose dispatch has begun. Once off has returned no further call begins.
func (h *Handlers) On(name string, fn event.Handler) (off func()) {
	RefuseNil(fn == nil, "On")
	return h.add(&handler{name: name, fn: fn})
}

// Once is On for a single event.
func (h *Handlers) Once(name string, fn event.Handler) (off func()) {
	RefuseNil(fn == nil, "Once")
	return h.add(&handler{name: name, fn: fn, once: true})
}

// OnAny adds a handler for the events of every name. It is called before those
// that On added.
func (h *Handlers) OnAny(fn event.Handler) (off func()) {
	RefuseNil(fn == nil, "OnAny")
	return h.add(&handler{any: true, fn: fn})
}

// Dispatch gives the event to its handlers, one after the other in the order they
// were added, and returns when the last one has.
//
// A handler that returns an [*event.AckError] while the peer waits for an
// acknowledgement answers with it. Any other error of a handler goes to onError,
// as a [*event.HandlerError], and so does a panic. A nil onError ignores them.
func (h *Handlers) Dispatch(ctx context.Context, m *event.Message, onError func(error)) {
	t := h.table.Load()
	if t == nil {
		return
	}
	start, end := t.find(m.Name())
	for _, list := range [...][]*handler{t.handlers[:t.any], t.handlers[start:end]} {
		for _, e := range list {
			h.call(ctx, e, m, onError)
		}
	}
}

func (h *Handlers) call(ctx context.Context, e *handler, m *event.Message, onError func(error)) {
	if e.once {
		if !e.done.CompareAndSwap(false, true) {
			return
		}
		h.remove(e)
	} else if e.done.Load() {
		return
	}
	if err := run(ctx, e.fn, m); err != nil && onError != nil {
		onError(err)
	}
}

// run calls the handler and answers with the AckError it returns. Any other error
// and any panic is returned.
func run(ctx context.Context, fn event.Handler, m *event.Message) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicked(m.Name(), r)
		}
	}()
	if err = fn(ctx, m); err == nil {
		return nil
	}
	if answer, ok := errors.AsType[*event.AckError](err); ok && answer != nil && m.WantsAck() {
		if err = m.Ack(failure(answer)); err == nil {
			return nil
		}
	}
	return &event.HandlerError{Event: m.Name(), Err: err}
}

func (h *Handlers) add(e *handler) (off func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var old table
	if t := h.table.Load(); t != nil {
		old = *t
	}
	i, any := old.any, old.any
	if e.any {
		any++
	} else {
		_, i = old.find(e.name)
	}
	h.table.Store(&table{splice(old.handlers, i, i, e), any})
	return func() {
		if !e.done.Swap(true) {
			h.remove(e)
		}
	}
}

func (h *Handlers) remove(e *handler) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := *h.table.Load()
	i := slices.Index(t.handlers, e)
	if e.any {
		t.any--
	}
	if t.handlers = splice(t.handlers, i, i+1); len(t.handlers) == 0 {
		h.table.Store(nil)
		return
	}
	h.table.Store(&t)
}

// splice returns the list with the handlers between i and j replaced.
func splice(list []*handler, i, j int, by ...*handler) []*handler {
	return slices.Concat(list[:i], by, list[j:])
}

// find returns where the handlers of that name are, or would be. The name must not
// escape, so that one of usual length is not allocated for every event.
func (t *table) find(name string) (start, end int) {
	start, end = t.any, len(t.handlers)
	for start < end {
		if middle := (start + end) / 2; t.handlers[middle].name < name {
			start = middle + 1
		} else {
			end = middle
		}
	}
	for end < len(t.handlers) && t.handlers[end].name == name {
		end++
	}
	return start, end
}
