package queue

import (
	"context"
	"errors"
	"sync"
)

var (
	// ErrFull is returned by Put for an item that does not fit now.
	ErrFull = errors.New("queue: full")
	// ErrClosed is returned for an item put after Close.
	ErrClosed = errors.New("queue: closed")
)

// Limits bound a queue. Items that the drain function is working on count until
// it returns or calls Release. An item that is over MaxBytes by itself is accepted by an empty queue.
type Limits struct {
	MaxItems int // 0 means no limit
	MaxBytes int // 0 means no limit
}

// Queue hands its items over in the order of Put, in batches, to the function it
// was made with. Should that function call runtime.Goexit, the batch counts as drained
// and the queue goes on. Its methods may be called concurrently, and by that function,
// except those that take a context: they would wait for themselves.
type Queue[T any] struct {
	drain  func(batch []T)
	worker func() // run, made once: starting it then allocates nothing
	limits Limits

	mu      sync.Mutex
	items   []T
	count   int // items waiting or being drained
	bytes   int // their sizes
	waiting int // the sizes of items
	early   int // items of the batch in work that count no more
	freed   int // their sizes
	running bool
	paused  bool
	closed  bool
	changed chan struct{} // closed when room appears, the worker ends or the queue closes; nil if nobody waits
}

// New returns a queue that drains into the function given, which is never run
// by two goroutines at once. The batch is valid until it returns.
func New[T any](limits Limits, drain func(batch []T)) *Queue[T] {
	q := new(Queue[T])
	q.Init(limits, drain)
	return q
}

// Init makes a Queue that is a field of another struct ready for use.
func (q *Queue[T]) Init(limits Limits, drain func(batch []T)) {
	q.limits, q.drain, q.worker = limits, drain, q.run
}

// Put appends an item of the given size in bytes. It does not wait: the error is
// ErrFull or ErrClosed, and nothing was appended then.
func (q *Queue[T]) Put(item T, size int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.put(item, size)
}

// Force is Put that the limits do not refuse, for the few control items that the
// owner cannot do without. The error can only be ErrClosed.
func (q *Queue[T]) Force(item T, size int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	q.append(item, size)
	return nil
}

// PutWait is Put that waits for room until ctx is done, and then returns the
// cause. Of several that wait, any may be first.
func (q *Queue[T]) PutWait(ctx context.Context, item T, size int) error {
	for {
		q.mu.Lock()
		err := q.put(item, size)
		if err != ErrFull {
			q.mu.Unlock()
			return err
		}
		changed := q.awaitChange()
		q.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (q *Queue[T]) put(item T, size int) error {
	switch {
	case q.closed:
		return ErrClosed
	case q.limits.MaxItems > 0 && q.count >= q.limits.MaxItems,
		q.limits.MaxBytes > 0 && q.count > 0 && q.bytes+size > q.limits.MaxBytes:
		return ErrFull
	}
	q.append(item, size)
	return nil
}

func (q *Queue[T]) append(item T, size int) {
	q.items = append(q.items, item)
	q.count++
	q.bytes += size
	q.waiting += size
	q.start()
}

// start makes sure that a goroutine drains what waits. The caller holds mu.
func (q *Queue[T]) start() {
	if len(q.items) > 0 && !q.running && !q.paused {
		q.running = true
		go q.worker() // ends when nothing waits; Wait and Pause wait for it
	}
}

func (q *Queue[T]) run() {
	var spare []T
	for {
		q.mu.Lock()
		if len(q.items) == 0 || q.paused {
			if len(q.items) == 0 {
				q.items = nil // an idle queue holds no buffer, but for a single item
				if cap(spare) == 1 {
					q.items = spare
				}
			}
			q.running = false
			q.signal()
			q.mu.Unlock()
			return
		}
		batch, bytes := q.items, q.waiting
		q.items, q.waiting = spare, 0
		q.mu.Unlock()

		q.work(batch, bytes)
		spare = batch[:0]
	}
}

// work drains a batch. A drain function that ends its goroutine, with
// runtime.Goexit, ends no more than that: another goroutine takes over.
func (q *Queue[T]) work(batch []T, bytes int) {
	returned := false
	defer func() {
		q.mu.Lock()
		q.count -= len(batch) - q.early
		q.bytes -= bytes - q.freed
		q.early, q.freed = 0, 0
		q.signal()
		q.mu.Unlock()
		clear(batch)
		if !returned {
			go q.worker() // ends as the one before it
		}
	}()
	q.drain(batch)
	returned = true
}

// Release makes room before the drain function returns, which calls it when it is
// done with the first items of its batch, that many and of these sizes together.
func (q *Queue[T]) Release(items, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.count -= items
	q.bytes -= bytes
	q.early += items
	q.freed += bytes
	q.signal()
}

// Pause stops draining and waits for the batch in work until ctx is done; the
// queue is paused either way. Items wait for Resume or Take from now on.
func (q *Queue[T]) Pause(ctx context.Context) error {
	q.mu.Lock()
	q.paused = true
	q.mu.Unlock()
	return q.await(ctx, func() bool { return !q.running })
}

// PauseNow is Pause without the wait: the batch in work goes on. It is the one
// that the drain function may call.
func (q *Queue[T]) PauseNow() {
	q.mu.Lock()
	q.paused = true
	q.mu.Unlock()
}

// Resume ends a pause.
func (q *Queue[T]) Resume() {
	q.mu.Lock()
	q.paused = false
	q.start()
	q.mu.Unlock()
}

// Take removes as many of the waiting items as fit calls for: it is asked with
// each of them in order and ends the taking with false. A nil fit takes all. Size
// tells what was given to Put. Both run under the queue's lock: they must not
// call its methods. The caller owns what is returned.
//
// Meant for a paused queue whose consumer comes by itself, as a polling request does.
func (q *Queue[T]) Take(fit func(item T) bool, size func(item T) int) []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := len(q.items)
	if fit != nil {
		n = 0
		for n < len(q.items) && fit(q.items[n]) {
			n++
		}
	}
	taken := q.items[:n:n]
	if q.items = q.items[n:]; len(q.items) == 0 {
		q.items = nil
	}
	for _, item := range taken {
		s := size(item)
		q.bytes -= s
		q.waiting -= s
	}
	q.count -= n
	q.signal()
	return taken
}

// Len returns how many items wait or are being drained.
func (q *Queue[T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.count
}

// Wait returns when nothing waits and nothing is being drained, when the queue is
// closed and its goroutine has ended, or when ctx is done.
func (q *Queue[T]) Wait(ctx context.Context) error {
	return q.await(ctx, func() bool { return !q.running && len(q.items) == 0 })
}

// Close refuses further items and returns those that wait, undrained. The batch
// in work goes on; Wait tells when it is done.
func (q *Queue[T]) Close() []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	left := q.items
	q.items, q.closed = nil, true
	q.count -= len(left)
	q.signal()
	return left
}

// await waits until done, which is asked under mu.
func (q *Queue[T]) await(ctx context.Context, done func() bool) error {
	for {
		q.mu.Lock()
		if done() {
			q.mu.Unlock()
			return nil
		}
		changed := q.awaitChange()
		q.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (q *Queue[T]) awaitChange() <-chan struct{} {
	if q.changed == nil {
		q.changed = make(chan struct{})
	}
	return q.changed
}

func (q *Queue[T]) signal() {
	if q.changed != nil {
		close(q.changed)
		q.changed = nil
	}
}
