package socketio

import (
	"slices"
	"sync"

	"github.com/isosocket/isosocket/socketio/endpoint"
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

// later tells the traces and calls the listeners, on the socket's queue. It is called
// with manager.mu held, where the thing happens, so that they hear of things in their
// order.
func (s *Socket) later(name string, l *listeners, reason Reason, err error) {
	s.inbox.Call(func() {
		if t := s.manager.tracer.Load(); t != nil {
			switch l {
			case &s.onConnect:
				t.Connected(s)
			case &s.onDisconnect:
				t.Disconnected(s, reason, err)
			}
		}
		for _, listener := range l.all() {
			panicked := endpoint.Contain(name, func() error { (*listener)(reason, err); return nil })
			if panicked != nil {
				s.manager.opts.reportError(panicked)
			}
		}
	})
}
