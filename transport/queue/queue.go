package queue

import (
	"context"
	"errors"
)

var (
	// ErrFull is returned by Put for an item that does not fit now.
	ErrFull = errors.New("queue: full")
	// ErrClosed is returned for an item put after Close.
	ErrClosed = errors.New("queue: closed")
)

// Limits bound a queue. Items that the drain function is working on count until
// it returns or calls Release. An item that is over MaxBytes by itself is accepted
// while no more than half of them are taken.
type Limits struct {
	MaxItems int // 0 means no limit
	MaxBytes int // 0 means no limit
}

// Queue hands its items over in the order of Put, in batches, to the function it
// was made with. Should that function call runtime.Goexit, the batch counts as drained
// and the queue goes on. Its methods may be called concurrently, and by that function,
// except those that take a context: they would wait for themselves.
type Queue[T any] struct {
	gauge
	drain func(batch []T)
	items []T // guarded by mu
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

// Employ makes the queue drain on goroutines of w. It is called before anything is put.
func (q *Queue[T]) Employ(w *Workers) { q.workers = w }

// Put appends an item of the given size in bytes. It does not wait: the error is
// ErrFull or ErrClosed, and nothing was appended then.
func (q *Queue[T]) Put(item T, size int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.put(item, size, false)
}

// Force is Put that the limits do not refuse, for items that the owner cannot do
// without and bounds otherwise. The error can only be ErrClosed.
func (q *Queue[T]) Force(item T, size int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.put(item, size, true)
}

// PutWait is Put that waits for room until ctx is done, and then returns the
// cause. Of several that wait, any may be first.
func (q *Queue[T]) PutWait(ctx context.Context, item T, size int) error {
	var err error
	waited := q.await(ctx, func() bool {
		err = q.put(item, size, false)
		return err != ErrFull
	})
	if waited != nil {
		return waited
	}
	return err
}

func (q *Queue[T]) put(item T, size int, force bool) error {
	if err := q.admit(size, force); err != nil {
		return err
	}
	q.items = append(q.items, item)
	q.start()
	return nil
}

func (q *Queue[T]) run() {
	ended := false
	defer func() {
		if !ended {
			q.revive()
		}
	}()
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
			ended = true
			q.rest()
			q.mu.Unlock()
			return
		}
		batch := q.items
		q.items = spare
		q.take(len(batch))
		q.mu.Unlock()

		q.drain(batch)

		q.drained()
		clear(batch)
		spare = batch[:0]
	}
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
	bytes := 0
	for _, item := range taken {
		bytes += size(item)
	}
	q.remove(n, bytes)
	return taken
}

// Close refuses further items and returns those that wait, undrained. The batch
// in work goes on; Wait tells when it is done.
func (q *Queue[T]) Close() []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	left := q.items
	q.items, q.closed = nil, true
	q.remove(len(left), q.waiting)
	return left
}
