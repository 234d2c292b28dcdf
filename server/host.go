package server

import (
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
)

// host is a namespace as its adapter knows it.
type host Namespace

// Namespace implements adapter.Host.
func (h *host) Namespace() string { return h.name }

// Deliver implements adapter.Host.
func (h *host) Deliver(p *adapter.Packet, t adapter.Target) {
	out, err := (*Namespace)(h).received(p, nil)
	if err != nil {
		h.Report(err)
		return
	}
	h.apart(func() { (*Namespace)(h).deliver(out, t) })
}

// apart calls fn so that no function of a trace ends the adapter's goroutine.
func (h *host) apart(fn func()) {
	trace := h.server.trace.Load()
	if trace == nil {
		fn()
		return
	}
	trace.only(fn)
}

// Ask implements adapter.Host.
func (h *host) Ask(p *adapter.Packet, t adapter.Target, answer func(adapter.Answer)) (sockets []string, cancel func()) {
	n := (*Namespace)(h)
	id := n.ackIDs.Add(1) - 1
	out, err := n.received(p, &id)
	if err != nil {
		h.Report(err)
		return nil, func() {}
	}
	asked := n.sockets(t)
	for _, s := range asked {
		sockets = append(sockets, s.id)
		reply := func(reply *parser.Packet, err error) {
			var r parser.Relayed
			if err == nil {
				r, err = n.server.options.Format.RelayAck(*reply)
			}
			answer(adapter.Answer{Socket: s.id, Data: r.Data, Attachments: r.Attachments, Err: err})
		}
		h.apart(func() { s.ask(id, out, reply) })
	}
	return sockets, func() {
		for _, s := range asked {
			s.acks.Remove(id)
		}
	}
}

// Change implements adapter.Host.
func (h *host) Change(c adapter.Change, t adapter.Target) { (*Namespace)(h).change(c, t) }

// Sockets implements adapter.Host.
func (h *host) Sockets(t adapter.Target) []adapter.Details {
	sockets := (*Namespace)(h).sockets(t)
	details := make([]adapter.Details, len(sockets))
	for i, s := range sockets {
		details[i] = s.details()
	}
	return details
}

// Serve implements adapter.Host.
func (h *host) Serve(p *adapter.Packet, reply func(data json.RawMessage, attachments [][]byte)) {
	n := (*Namespace)(h)
	packet, err := fromNeutral(parser.Event, p.Data, p.Attachments)
	if err == nil {
		err = n.enqueue(event.NewMessage(neutral, packet, answerer(reply)), endpoint.PacketSize(packet))
	}
	if err != nil {
		h.Report(fmt.Errorf("server: event from another server: %w", err))
	}
}

// Report implements adapter.Host.
func (h *host) Report(err error) {
	h.server.logError(slog.LevelWarn, "trouble with other servers", err, slog.String("namespace", h.name))
}
