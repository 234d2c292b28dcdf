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

// Lingering holds the connections that were closed and whose peers have not hung up
// yet: closing the socket before that could destroy the close frame on its way. Each has
// a goroutine of its own, for 5 seconds at most. A server that gave a Lingering to
// [Accept] can wait for them when it ends. The zero value is ready for use; its methods
// may be called concurrently.
type Lingering struct {
	mu    sync.Mutex
	conns map[*conn]struct{}
	none  chan struct{} // closed when the last connection is gone; nil if nothing waits
}

// Wait returns when no connection lingers, or the cause of ctx when that is done before.
func (l *Lingering) Wait(ctx context.Context) error {
	l.mu.Lock()
	if len(l.conns) == 0 {
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
	for c := range l.conns {
		_ = c.stream.Close()
	}
	l.mu.Unlock()
	_ = l.Wait(context.Background())
}

func (l *Lingering) add(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns == nil {
		l.conns = make(map[*conn]struct{})
	}
	l.conns[c] = struct{}{}
}

func (l *Lingering) remove(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
	if len(l.conns) == 0 && l.none != nil {
		close(l.none)
		l.none = nil
	}
}

// linger calls first, unless that is nil, ends the sending half of the stream,
// discards what arrives until the peer ends the other half, and closes the stream.
// Nothing else writes any more, and the Read that was interrupted is about to return.
// https://www.rfc-editor.org/rfc/rfc9112#section-9.6
func (c *conn) linger(first func()) {
	if c.lingering != nil {
		c.lingering.add(c)
	}
	go func() { // ends by itself; Lingering can wait for it
		if first != nil {
			first()
		}
		if half, ok := c.stream.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
		c.reading.Lock() // so that the interrupted Read has returned
		_ = c.stream.SetReadDeadline(time.Now().Add(lingerTimeout))
		c.reading.Unlock()
		_, _ = io.Copy(io.Discard, io.LimitReader(c.stream, lingerBytes))
		_ = c.stream.Close()
		if c.lingering != nil {
			c.lingering.remove(c)
		}
	}()
}
