package server

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"

	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/socketio/endpoint"
)

// attach makes the namespace's adapter. It is called once, without a lock of ours,
// because the constructor is the user's.
func (n *Namespace) attach() {
	if n.server.options.Adapter != nil && n.adapter == nil {
		n.keep(n.newAdapter())
	}
	n.ready.Store(true)
}

func (n *Namespace) newAdapter() (a adapter.Adapter) {
	err := endpoint.Contain("adapter", func() (err error) {
		a, err = n.server.options.Adapter((*host)(n))
		return err
	})
	if err == nil && a == nil {
		err = errors.New("server: Options.Adapter returned no adapter")
	}
	if err != nil {
		n.server.logError(slog.LevelError, "namespace without other servers", err, slog.String("namespace", n.name))
		return unreachable{err}
	}
	return guardedAdapter{a}
}

// keep sets the adapter, unless the server was closed meanwhile.
func (n *Namespace) keep(a adapter.Adapter) {
	n.mu.Lock()
	detached := n.detached
	if detached {
		n.adapter = unreachable{errClosed}
	} else {
		n.adapter = a
	}
	n.mu.Unlock()
	if detached {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		if err := a.Close(now); err != nil {
			(*host)(n).Report(err)
		}
	}
}

// detach closes the adapter.
func (n *Namespace) detach(ctx context.Context) error {
	n.mu.Lock()
	n.detached = true
	a := n.adapter
	n.mu.Unlock()
	if a == nil {
		return nil
	}
	return a.Close(ctx)
}

// Sync waits until the other servers, or the broker between them and this one, have
// all that was emitted before, for as long as ctx allows. An error says that some of it
// may be lost. Without other servers it returns nil at once.
func (n *Namespace) Sync(ctx context.Context) error {
	if n.adapter == nil {
		return nil
	}
	return n.adapter.Sync(ctx)
}

// unreachable stands for an adapter that could not be made.
type unreachable struct{ err error }

func (u unreachable) error() error {
	return fmt.Errorf("server: other servers not reached: %w", u.err)
}

func (u unreachable) Broadcast(*adapter.Packet, adapter.Target) error { return u.error() }
func (u unreachable) Change(adapter.Change, adapter.Target) error     { return u.error() }
func (u unreachable) ServerEmit(*adapter.Packet) error                { return u.error() }
func (u unreachable) Sync(context.Context) error                      { return u.error() }
func (u unreachable) Close(context.Context) error                     { return nil }

func (u unreachable) Ask(context.Context, *adapter.Packet, adapter.Target) iter.Seq[adapter.Answer] {
	return u.answer
}

func (u unreachable) ServerRequest(context.Context, *adapter.Packet) iter.Seq[adapter.Answer] {
	return u.answer
}

func (u unreachable) answer(yield func(adapter.Answer) bool) { yield(adapter.Answer{Err: u.error()}) }

func (u unreachable) Sockets(context.Context, adapter.Target) iter.Seq2[adapter.Details, error] {
	return func(yield func(adapter.Details, error) bool) { yield(adapter.Details{}, u.error()) }
}

func (u unreachable) Nodes(context.Context) ([]string, int, error) { return nil, 0, u.error() }
