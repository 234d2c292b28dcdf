package clustertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server/adapter"
)

// host is a namespace of a server with sockets that are names. It writes down, in
// order, what is done to it.
type host struct {
	namespace string
	adapter   adapter.Adapter

	mu      sync.Mutex // guards what follows
	rooms   map[string][]string
	diary   []string
	pending map[string]func(adapter.Answer) // of the sockets asked last
	replies []func(json.RawMessage, [][]byte)
	frozen  chan struct{} // a call waits until it is closed; nil if none shall
}

// node is a namespace of a server, whose sockets have these rooms.
func node(t *testing.T, namespace string, create adapter.New, rooms map[string][]string) *host {
	h := &host{namespace: namespace, rooms: make(map[string][]string), pending: make(map[string]func(adapter.Answer))}
	for id, joined := range rooms {
		h.rooms[id] = append([]string{id}, joined...)
	}
	var err error
	h.adapter, err = create(h)
	require.NoError(t, err)
	return h
}

// freeze makes all calls wait, as if the whole server was stopped.
func (h *host) freeze() (thaw func()) {
	frozen := make(chan struct{})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.frozen = frozen
	return func() { close(frozen) }
}

// enter is called first in each call.
func (h *host) enter() {
	h.mu.Lock()
	frozen := h.frozen
	h.mu.Unlock()
	if frozen != nil {
		<-frozen
	}
}

func (h *host) write(format string, args ...any) {
	h.diary = append(h.diary, fmt.Sprintf(format, args...))
}

// read returns what was written since the last read.
func (h *host) read() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	diary := h.diary
	h.diary = nil
	return diary
}

// selected returns the sockets that t selects, in order. The caller holds mu.
func (h *host) selected(t adapter.Target) (ids []string) {
	in := func(id string, rooms []string) bool {
		return slices.ContainsFunc(rooms, func(room string) bool { return slices.Contains(h.rooms[id], room) })
	}
	for id := range h.rooms {
		if (len(t.Rooms) == 0 || in(id, t.Rooms)) && !in(id, t.Except) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (h *host) Namespace() string { return h.namespace }

func (h *host) Deliver(p *adapter.Packet, t adapter.Target) {
	h.enter()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.write("%s %q to %s%s", p.Data, p.Attachments, strings.Join(h.selected(t), ","), map[bool]string{true: " volatile"}[p.Volatile])
}

func (h *host) Ask(p *adapter.Packet, t adapter.Target, answer func(adapter.Answer)) (sockets []string, cancel func()) {
	h.enter()
	h.mu.Lock()
	defer h.mu.Unlock()
	sockets = h.selected(t)
	h.write("ask %s of %s", p.Data, strings.Join(sockets, ","))
	for _, id := range sockets {
		h.pending[id] = answer
	}
	return sockets, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.write("cancel")
	}
}

// answer makes a socket answer what it was asked last.
func (h *host) answer(id string, a adapter.Answer) {
	h.mu.Lock()
	answer := h.pending[id]
	h.mu.Unlock()
	a.Socket = id
	answer(a)
}

func (h *host) Change(c adapter.Change, t adapter.Target) {
	h.enter()
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := h.selected(t)
	h.write("change %d %v %t of %s", c.Op, c.Rooms, c.Close, strings.Join(ids, ","))
	for _, id := range ids {
		switch c.Op {
		case adapter.Join:
			h.rooms[id] = append(h.rooms[id], c.Rooms...)
		case adapter.Leave:
			h.rooms[id] = slices.DeleteFunc(h.rooms[id], func(room string) bool { return slices.Contains(c.Rooms, room) })
		case adapter.Disconnect:
			delete(h.rooms, id)
		}
	}
}

func (h *host) Sockets(t adapter.Target) (details []adapter.Details) {
	h.enter()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range h.selected(t) {
		details = append(details, adapter.Details{
			ID:        id,
			Handshake: json.RawMessage(`{"address":"of ` + id + `"}`),
			Rooms:     slices.Clone(h.rooms[id]),
			Data:      json.RawMessage(`{"name":"` + id + `"}`),
		})
	}
	return details
}

func (h *host) Serve(p *adapter.Packet, reply func(json.RawMessage, [][]byte)) {
	h.enter()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.write("serve %s %q, reply wanted: %t", p.Data, p.Attachments, reply != nil)
	h.replies = append(h.replies, reply)
}

// reply answers the oldest event that was served.
func (h *host) reply(data string, attachments ...[]byte) {
	h.mu.Lock()
	reply := h.replies[0]
	h.replies = h.replies[1:]
	h.mu.Unlock()
	reply(json.RawMessage(data), attachments)
}

func (h *host) Report(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.write("report %v", err)
}

// now is a context that is done.
var now = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

var errImpatient = errors.New("impatient")
