package clustertest

import (
	"context"
	"sync"

	"github.com/isosocket/isosocket/server/adapter"
)

// waiting is a request of any type.
type waiting interface {
	leave(node string, err error)
}

// request is what other servers were asked for, and what has come of it.
type request[T any] struct {
	missing func(socket, node string, err error) T // what is yielded in place of an answer

	changed chan struct{} // holds a value when something has changed

	mu      sync.Mutex          // guards what follows
	arrived []T                 // and not yielded
	nodes   map[string]struct{} // that have not told anything yet
	sockets map[string]string   // those that have not answered, and their servers
	early   map[string]struct{} // those that have answered before their server told of them
	cancels []func()
	ended   bool
}

func newRequest[T any](missing func(socket, node string, err error) T) *request[T] {
	return &request[T]{
		missing: missing,
		changed: make(chan struct{}, 1),
		nodes:   make(map[string]struct{}),
		sockets: make(map[string]string),
		early:   make(map[string]struct{}),
	}
}

func (r *request[T]) signal() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// expect says that the server is being asked.
func (r *request[T]) expect(node string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.nodes[node] = struct{}{}
}

// told says that all of the server's answer is here.
func (r *request[T]) told(node string, answers ...T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.nodes, node)
	r.arrived = append(r.arrived, answers...)
	r.signal()
}

// asked says that the server has asked these sockets, until cancel.
func (r *request[T]) asked(node string, sockets []string, cancel func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		cancel()
		return
	}
	delete(r.nodes, node)
	r.cancels = append(r.cancels, cancel)
	for _, socket := range sockets {
		if _, already := r.early[socket]; already {
			delete(r.early, socket)
		} else {
			r.sockets[socket] = node
		}
	}
	r.signal()
}

// answered says that a socket has answered.
func (r *request[T]) answered(socket string, answer T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.sockets[socket]; known {
		delete(r.sockets, socket)
	} else {
		r.early[socket] = struct{}{}
	}
	r.arrived = append(r.arrived, answer)
	r.signal()
}

// leave says that nothing more comes from the server.
func (r *request[T]) leave(node string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.giveUp(func(n string) bool { return n == node }, err)
	r.signal()
}

// giveUp replaces what has not come from some servers by the error. The caller holds mu.
func (r *request[T]) giveUp(of func(node string) bool, err error) {
	for socket, node := range r.sockets {
		if of(node) {
			delete(r.sockets, socket)
			r.arrived = append(r.arrived, r.missing(socket, node, err))
		}
	}
	for node := range r.nodes {
		if of(node) {
			delete(r.nodes, node)
			r.arrived = append(r.arrived, r.missing("", node, &adapter.SilentError{Node: node, Err: err}))
		}
	}
}

// take returns what has arrived, and whether that is all.
func (r *request[T]) take() (arrived []T, all bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	arrived, r.arrived = r.arrived, nil
	return arrived, len(r.nodes) == 0 && len(r.sockets) == 0
}

// collect yields what arrives until that is all, or ctx is done.
func (r *request[T]) collect(ctx context.Context, yield func(T) bool) {
	defer r.end()
	for {
		arrived, all := r.take()
		for _, a := range arrived {
			if !yield(a) {
				return
			}
		}
		if all {
			return
		}
		select {
		case <-r.changed:
		case <-ctx.Done():
			r.mu.Lock()
			r.giveUp(func(string) bool { return true }, context.Cause(ctx))
			r.mu.Unlock()
		}
	}
}

// isOver reports whether nobody collects any more.
func (r *request[T]) isOver() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended
}

func (r *request[T]) end() {
	r.mu.Lock()
	r.ended = true
	cancels := r.cancels
	r.cancels = nil
	r.mu.Unlock()
	for _, cancel := range cancels {
		cancel()
	}
}
