package socketio

import (
	"slices"
	"sync"
)

// listeners holds the functions that one kind of happening calls, in the order
// they were added. The zero value is ready for use.
type listeners[F any] struct {
	mu  sync.Mutex
	fns []*F // replaced, never changed
}

func (l *listeners[F]) add(fn F) (off func()) {
	entry := &fn
	l.mu.Lock()
	l.fns = append(slices.Clip(l.fns), entry)
	l.mu.Unlock()
	return func() {
		l.mu.Lock()
		l.fns = slices.DeleteFunc(slices.Clone(l.fns), func(e *F) bool { return e == entry })
		l.mu.Unlock()
	}
}

func (l *listeners[F]) all() []*F {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fns
}
