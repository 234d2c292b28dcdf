//go:build !js

package transportnative

import (
	"context"
	"io"
	"sync"
	"time"
)

// lingerTimeout and lingerBytes bound how long what a peer still sends is
// discarded after our close frame.
const (
	lingerTimeout = 5 * time.Second
	lingerBytes   = 4 << 20
)

// Lingering holds the connections that were closed and whose peers have not hung
// up yet: closing the socket before that could destroy the close frame on its way. Each has a
// goroutine of its own, for 5 seconds at most. A server that gave one to [Accept]
// can wait for them when it ends. The zero value is ready for use; its methods may
// be called concurrently.
type Lingering struct {
	mu    sync.Mutex
	wires map[*wire]struct{}
	none  chan struct{} // closed when the last wire is gone; nil while nobody waits
}

// Wait returns when no connection lingers, or the cause of ctx when it is over before.
func (l *Lingering) Wait(ctx context.Context) error {
	l.mu.Lock()
	if len(l.wires) == 0 {
		l.mu.Unlock()
		return nil
	}
	if l.none == nil {
		l.none = make(chan struct{})
	}
	none := l.none
	l.mu.Unlock()
	select {
	case <-none:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Abort hangs up on the peers that have not, and waits until the goroutines have ended.
func (l *Lingering) Abort() {
	l.mu.Lock()
	for w := range l.wires {
		_ = w.Conn.Close()
	}
	l.mu.Unlock()
	_ = l.Wait(context.Background())
}

func (l *Lingering) add(w *wire) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wires == nil {
		l.wires = make(map[*wire]struct{})
	}
	l.wires[w] = struct{}{}
}

func (l *Lingering) remove(w *wire) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.wires, w)
	if len(l.wires) == 0 && l.none != nil {
		close(l.none)
		l.none = nil
	}
}

// linger ends the sending half of the socket, discards what arrives until the peer
// ends the other half, and closes the socket. Nobody reads or writes any more.
// https://www.rfc-editor.org/rfc/rfc9112#section-9.6
func (w *wire) linger() {
	if w.lingering != nil {
		w.lingering.add(w)
	}
	go func() { // ends by itself; Lingering can wait for it
		if half, ok := w.Conn.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
		_ = w.Conn.SetReadDeadline(time.Now().Add(lingerTimeout))
		_, _ = io.Copy(io.Discard, io.LimitReader(w.reader, lingerBytes))
		_ = w.Conn.Close()
		if w.lingering != nil {
			w.lingering.remove(w)
		}
	}()
}
