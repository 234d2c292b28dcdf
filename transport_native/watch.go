//go:build !js

package transportnative

import (
	"context"
	"sync"
)

// watcher ends a connection when the context of a call is done before the call has
// returned. There is one for its reads and one for its writes.
//
// It stays registered with a context from one call to the next, because nearly always
// the next one comes with the same context: to register for each would cost three
// allocations, as much as reading a small message.
type watcher struct {
	mu    sync.Mutex
	done  <-chan struct{} // of the context that it is registered with; nil if none
	stop  func() bool     // ends the registration
	calls int32           // in progress with that context
	ended bool            // the connection has ended, and nothing is registered any more
}

// begin begins a call. The caller hands what it returns to end when the call is over.
func (w *watcher) begin(ctx context.Context, c *conn) (stop func() bool) {
	if ctx.Err() != nil {
		c.cancel(ctx)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done != ctx.Done() && !w.ended {
		if w.calls > 0 { // a call of another goroutine
			return context.AfterFunc(ctx, func() { c.cancel(ctx) })
		}
		if w.stop != nil {
			w.stop()
		}
		w.done = ctx.Done()
		w.stop = context.AfterFunc(ctx, func() { w.fire(ctx, c) })
	}
	w.calls++
	return nil
}

func (w *watcher) end(stop func() bool) {
	if stop != nil {
		stop()
		return
	}
	w.mu.Lock()
	w.calls--
	w.mu.Unlock()
}

// fire is called when the context is done. Without a call in progress that harms nothing.
func (w *watcher) fire(ctx context.Context, c *conn) {
	w.mu.Lock()
	registered := w.done == ctx.Done()
	harms := registered && w.calls > 0
	if registered && !harms {
		w.done, w.stop = nil, nil
	}
	w.mu.Unlock()
	if harms {
		c.cancel(ctx)
	}
}

// release ends the registration for good: a context may outlive its connections, and
// must not keep them.
func (w *watcher) release() {
	w.mu.Lock()
	stop := w.stop
	w.stop, w.ended = nil, true
	w.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// cancel drops the connection because the context of a call is done.
func (c *conn) cancel(ctx context.Context) {
	if c.end(context.Cause(ctx)) {
		_ = c.stream.Close()
	}
}
