package queue

import (
	"context"
	"sync"
	"time"
)

// backlog is how many bytes a queue holds before it is behind.
const backlog = 64 << 10

// gauge is all of a queue that does not depend on the type of its items, so that a
// program has it once: how full the queue is, and whether a goroutine drains it.
type gauge struct {
	worker  func()   // run, made once: starting it then allocates nothing
	workers *Workers // that run it; nil for a goroutine of its own
	limits  Limits

	mu      sync.Mutex
	count   int       // items waiting or being drained
	bytes   int       // their sizes
	waiting int       // the sizes of those waiting
	taken   int       // items of the batch in work that still count
	drawn   int       // their sizes
	since   time.Time // bytes has been over backlog; zero when it is not
	running bool
	paused  bool
	closed  bool
	changed chan struct{} // closed when room appears, the worker ends or the queue closes; nil if nothing waits for that
}

// Release makes room before the drain function returns, which calls it when it is
// done with the first items of its batch, that many and of these sizes together.
func (g *gauge) Release(items, bytes int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.release(items, bytes)
}

// Pause stops draining and waits for the batch in work until ctx is done; the
// queue is paused either way. Items wait for Resume or Take from now on.
func (g *gauge) Pause(ctx context.Context) error {
	g.PauseNow()
	return g.await(ctx, func() bool { return !g.running })
}

// PauseNow is Pause without the wait: the batch in work goes on. It is the one
// that the drain function may call.
func (g *gauge) PauseNow() {
	g.mu.Lock()
	g.paused = true
	g.mu.Unlock()
}

// Resume ends a pause.
func (g *gauge) Resume() {
	g.mu.Lock()
	g.paused = false
	g.start()
	g.mu.Unlock()
}

// Len returns how many items wait or are being drained.
func (g *gauge) Len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.count
}

// Bytes returns the sizes of the items that wait or are being drained.
func (g *gauge) Bytes() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bytes
}

// Behind returns since when the queue has held more than 64 KiB, the zero time if it
// does not.
func (g *gauge) Behind() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.since
}

// WaitBytes returns nil when no more than that many bytes wait or are being drained, and
// ErrClosed when the queue is closed. When ctx is done first it returns the cause.
func (g *gauge) WaitBytes(ctx context.Context, most int) error {
	var err error
	waited := g.await(ctx, func() bool {
		if g.closed {
			err = ErrClosed
		}
		return g.closed || g.bytes <= most
	})
	if waited != nil {
		return waited
	}
	return err
}

// Wait returns when nothing waits and nothing is being drained, when the queue is
// closed and its goroutine has ended, or when ctx is done.
func (g *gauge) Wait(ctx context.Context) error {
	return g.await(ctx, func() bool { return !g.running && g.count == 0 })
}

// await waits until done, which is asked under mu.
func (g *gauge) await(ctx context.Context, done func() bool) error {
	for {
		g.mu.Lock()
		if done() {
			g.mu.Unlock()
			return nil
		}
		if g.changed == nil {
			g.changed = make(chan struct{})
		}
		changed := g.changed
		g.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// revive is called when the drain function has ended the goroutine, and starts another.
func (g *gauge) revive() {
	g.drained()
	g.workers.run(g.worker) // ends as the one before it
}

// drained is called when the drain function has returned.
func (g *gauge) drained() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.release(g.taken, g.drawn)
}

// The following are called with mu held.

// admit counts an item, unless it does not fit.
func (g *gauge) admit(size int, force bool) error {
	switch {
	case g.closed:
		return ErrClosed
	case force:
	case g.limits.MaxItems > 0 && g.count >= g.limits.MaxItems:
		return ErrFull
	case g.limits.MaxBytes <= 0 || g.bytes+size <= g.limits.MaxBytes:
	case size <= g.limits.MaxBytes || g.bytes > g.limits.MaxBytes/2:
		return ErrFull
	}
	g.count++
	g.bytes += size
	g.waiting += size
	if g.bytes > backlog && g.since.IsZero() {
		g.since = time.Now()
	}
	return nil
}

// start makes sure that a goroutine drains what waits.
func (g *gauge) start() {
	if g.count > 0 && !g.running && !g.paused {
		g.running = true
		g.workers.run(g.worker) // ends when nothing waits; Wait and Pause wait for it
	}
}

// take makes all items that wait a batch.
func (g *gauge) take(items int) {
	g.taken, g.drawn = items, g.waiting
	g.waiting = 0
}

// release gives back the room of items of the batch.
func (g *gauge) release(items, bytes int) {
	g.taken -= items
	g.drawn -= bytes
	g.less(items, bytes)
}

// remove gives back the room of items that waited.
func (g *gauge) remove(items, bytes int) {
	g.waiting -= bytes
	g.less(items, bytes)
}

func (g *gauge) less(items, bytes int) {
	g.count -= items
	g.bytes -= bytes
	if g.bytes <= backlog {
		g.since = time.Time{}
	}
	g.signal()
}

// rest notes that the goroutine ends.
func (g *gauge) rest() {
	g.running = false
	g.signal()
}

func (g *gauge) signal() {
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}
