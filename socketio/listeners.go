package socketio

import (
	"slices"
	"sync"
)

// listener is given what is known of the happening that it listens for: a
// connect has neither reason nor error.
type listener func(reason Reason, err error)

// listeners holds the functions that one kind of happening calls, in the order
// they were added. The zero value is ready for use.
type listeners struct {
	mu  sync.Mutex
	fns []*listener // replaced, never changed
}

func (l *listeners) add(fn listener) (off func()) {
	entry := &fn
	l.mu.Lock()
	l.fns = append(slices.Clip(l.fns), entry)
	l.mu.Unlock()
	return func() {
		l.mu.Lock()
		l.fns = slices.DeleteFunc(slices.Clone(l.fns), func(e *listener) bool { return e == entry })
		l.mu.Unlock()
	}
}

func (l *listeners) all() []*listener {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fns
}
