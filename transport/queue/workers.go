package queue

import "sync"

// Workers are goroutines that keep their stacks between one function and the next: to grow
// that of a new goroutine is a fifth of what a lone event costs. A few wait for work while
// the Workers are open; beside them each function has a goroutine of its own, as without.
// The methods may be called concurrently. A nil *Workers is none.
type Workers struct {
	most int

	mu   sync.Mutex
	open int           // how often Open was called more than Close; guarded by mu
	idle []chan func() // of those that wait, the last to be idle at the end; guarded by mu
}

// NewWorkers returns Workers of which no more than that many wait.
func NewWorkers(most int) *Workers { return &Workers{most: most} }

// Open lets goroutines wait for work until Close has been called as often.
func (w *Workers) Open() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open++
}

// Close is the reverse of Open. The last one ends those that wait; what runs goes on.
func (w *Workers) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open--; w.open > 0 {
		return
	}
	for _, next := range w.idle {
		close(next)
	}
	w.idle = nil
}

// run calls fn on a goroutine.
func (w *Workers) run(fn func()) {
	if w == nil {
		go fn()
		return
	}
	w.mu.Lock()
	n := len(w.idle) - 1
	if n < 0 {
		w.mu.Unlock()
		go w.work(fn) // ends with the last Close, or after fn
		return
	}
	next := w.idle[n]
	w.idle = w.idle[:n]
	w.mu.Unlock()
	next <- fn
}

// work calls fn, and what comes after it.
func (w *Workers) work(fn func()) {
	next := make(chan func(), 1)
	for ok := true; ok; fn, ok = <-next {
		fn()
		w.mu.Lock()
		stays := w.open > 0 && len(w.idle) < w.most
		if stays {
			w.idle = append(w.idle, next)
		}
		w.mu.Unlock()
		if !stays {
			return
		}
		fn = nil
	}
}
