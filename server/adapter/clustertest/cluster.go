package clustertest

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/transport/queue"
)

// maxWaiting is how much may wait for one server.
const maxWaiting = 65_536

// New returns the adapters of n servers in this process, named "1" to n. Each calls
// the other servers from a goroutine that exists only while there is something to do.
func New(n int) []adapter.New {
	c := &cluster{members: make(map[string][]*member), requests: make(map[waiting]struct{})}
	nodes := make([]adapter.New, n)
	for i := range nodes {
		nodes[i] = func(h adapter.Host) (adapter.Adapter, error) { return c.join(strconv.Itoa(i+1), h), nil }
	}
	return nodes
}

// cluster is what the servers share.
type cluster struct {
	mu       sync.Mutex
	members  map[string][]*member // by namespace; the slices are replaced, never changed; guarded by mu
	requests map[waiting]struct{} // that wait for answers; guarded by mu
}

// member is one namespace of one server.
type member struct {
	cluster   *cluster
	node      string
	namespace string
	host      adapter.Host
	inbox     queue.Queue[func()] // what the others want of host
	context   context.Context     // canceled by Close
	cancel    context.CancelCauseFunc
}

func (c *cluster) join(node string, h adapter.Host) *member {
	m := &member{cluster: c, node: node, namespace: h.Namespace(), host: h}
	m.context, m.cancel = context.WithCancelCause(context.Background())
	m.inbox.Init(queue.Limits{MaxItems: maxWaiting}, func(batch []func()) {
		for _, call := range batch {
			call()
		}
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members[m.namespace] = append(slices.Clip(c.members[m.namespace]), m)
	return m
}

// others returns the same namespace of the other servers.
func (m *member) others() []*member {
	m.cluster.mu.Lock()
	defer m.cluster.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(m.cluster.members[m.namespace]), func(other *member) bool { return other == m })
}

// tell has call run for each of those others, behind what they were told before.
// missed is called for each that cannot be told.
func (m *member) tell(others []*member, call func(to *member), missed func(to *member, err error)) {
	for _, other := range others {
		err := context.Cause(m.context)
		if err == nil {
			err = other.inbox.Put(func() { call(other) }, 0)
		}
		if err != nil {
			missed(other, err)
		}
	}
}

// relay tells all others. One that has just left misses nothing.
func (m *member) relay(call func(to *member)) error {
	err := context.Cause(m.context)
	m.tell(m.others(), call, func(_ *member, e error) {
		if e != queue.ErrClosed {
			err = e
		}
	})
	return err
}

// Broadcast implements adapter.Adapter.
func (m *member) Broadcast(p *adapter.Packet, t adapter.Target) error {
	err := m.relay(func(to *member) { to.host.Deliver(p, t) })
	if err == queue.ErrFull && p.Volatile {
		return nil
	}
	return err
}

// Change implements adapter.Adapter.
func (m *member) Change(c adapter.Change, t adapter.Target) error {
	return m.relay(func(to *member) { to.host.Change(c, t) })
}

// ServerEmit implements adapter.Adapter.
func (m *member) ServerEmit(p *adapter.Packet) error {
	return m.relay(func(to *member) { to.host.Serve(p, nil) })
}

func noAnswer(socket, node string, err error) adapter.Answer {
	return adapter.Answer{Socket: socket, Node: node, Err: err}
}

// Ask implements adapter.Adapter.
func (m *member) Ask(ctx context.Context, p *adapter.Packet, t adapter.Target) iter.Seq[adapter.Answer] {
	return func(yield func(adapter.Answer) bool) {
		r := newRequest(noAnswer)
		run(ctx, m, r, func(to *member) {
			if r.isOver() {
				return
			}
			sockets, cancel := to.host.Ask(p, t, func(a adapter.Answer) {
				a.Node = to.node
				r.answered(a.Socket, a)
			})
			r.asked(to.node, sockets, func() { _ = to.inbox.Force(cancel, 0) }) // an error: it has left
		}, yield)
	}
}

// ServerRequest implements adapter.Adapter.
func (m *member) ServerRequest(ctx context.Context, p *adapter.Packet) iter.Seq[adapter.Answer] {
	return func(yield func(adapter.Answer) bool) {
		r := newRequest(noAnswer)
		run(ctx, m, r, func(to *member) {
			to.host.Serve(p, func(data json.RawMessage, attachments [][]byte) {
				r.told(to.node, adapter.Answer{Node: to.node, Data: data, Attachments: attachments})
			})
		}, yield)
	}
}

// found is what Sockets yields.
type found struct {
	details adapter.Details
	err     error
}

// Sockets implements adapter.Adapter.
func (m *member) Sockets(ctx context.Context, t adapter.Target) iter.Seq2[adapter.Details, error] {
	return func(yield func(adapter.Details, error) bool) {
		r := newRequest(func(_, _ string, err error) found { return found{err: err} })
		run(ctx, m, r, func(to *member) {
			var all []found
			for _, d := range to.host.Sockets(t) {
				all = append(all, found{details: d})
			}
			r.told(to.node, all...)
		}, func(f found) bool { return yield(f.details, f.err) })
	}
}

// run asks the others and yields what they answer.
func run[T any](ctx context.Context, m *member, r *request[T], call func(to *member), yield func(T) bool) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(m.context, func() { cancel(context.Cause(m.context)) })()

	m.cluster.mu.Lock()
	m.cluster.requests[r] = struct{}{}
	m.cluster.mu.Unlock()
	defer func() {
		m.cluster.mu.Lock()
		delete(m.cluster.requests, r)
		m.cluster.mu.Unlock()
	}()
	others := m.others()
	for _, other := range others {
		r.expect(other.node)
	}
	m.tell(others, call, func(other *member, err error) { r.leave(other.node, err) })
	r.collect(ctx, yield)
}

// Nodes implements adapter.Adapter.
func (m *member) Nodes(context.Context) (known []string, count int, err error) {
	for _, other := range m.others() {
		known = append(known, other.node)
	}
	return known, len(known) + 1, nil
}

// Sync implements adapter.Adapter.
func (m *member) Sync(ctx context.Context) error {
	for _, other := range m.others() {
		if err := other.inbox.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Close implements adapter.Adapter.
func (m *member) Close(ctx context.Context) error {
	m.cancel(adapter.ErrClosed)
	err := m.Sync(ctx)
	m.cluster.mu.Lock()
	m.cluster.members[m.namespace] = slices.DeleteFunc(slices.Clone(m.cluster.members[m.namespace]), func(other *member) bool { return other == m })
	requests := slices.Collect(maps.Keys(m.cluster.requests))
	m.cluster.mu.Unlock()

	m.inbox.Close()
	err = errors.Join(err, m.inbox.Wait(context.WithoutCancel(ctx))) // for a call that host is in
	for _, r := range requests {
		r.leave(m.node, adapter.ErrClosed)
	}
	return err
}
