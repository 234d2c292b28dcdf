//go:build js

package transportjs

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/isosocket/isosocket/transport"
)

const (
	// maxBuffered is how many bytes the browser may hold unsent before Write waits.
	maxBuffered = 1 << 20
	// maxUnchecked is how many bytes are sent before Write looks at what is buffered.
	maxUnchecked = 64 << 10
	// overhead is what a message counts besides its data.
	overhead = 16
	// drainPoll is how long Write waits before it looks again at a buffer that did
	// not drain in a turn.
	drainPoll = 4 * time.Millisecond
	// stallTimeout is how long a buffer may stay as it is, and stallLooks how often Write
	// has to find it so: a program that was frozen has looked once.
	stallTimeout = 10 * time.Second
	stallLooks   = 3
)

// Write waits while more than 1 MiB is unsent. Every 64 KiB it lets the runtime work, so
// that a program that only writes does not freeze its page.
func (c *conn) Write(ctx context.Context, messages ...transport.Message) error {
	if err := c.awaitBuffer(ctx); err != nil {
		err = fmt.Errorf("transportjs: write: %w", err)
		c.abort(0, err)
		return &transport.UnsentError{Messages: len(messages), Err: err}
	}
	if err := c.failure(); err != nil {
		return &transport.UnsentError{Messages: len(messages), Err: err}
	}
	var s script
	c.sendAll(&s, messages)
	if s.err != nil {
		err := fmt.Errorf("transportjs: write: %w", s.err)
		c.abort(0, err)
		return err
	}
	c.mu.Lock()
	for _, m := range messages {
		c.unchecked += m.Len() + overhead
	}
	c.mu.Unlock()
	return nil
}

// awaitBuffer lets the runtime work now and then, and waits until it has sent
// enough to take more, or until the connection has ended.
func (c *conn) awaitBuffer(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.mu.Lock()
	check := c.unchecked > maxUnchecked
	c.mu.Unlock()
	if !check {
		return nil
	}
	var since time.Time // buffered has been last
	for last, looks := 0, 0; ; looks++ {
		buffered, err := c.buffered(ctx)
		if err != nil || c.failure() != nil {
			return err
		}
		if buffered <= maxBuffered {
			c.mu.Lock()
			c.unchecked = 0
			c.mu.Unlock()
			return nil
		}
		if buffered != last {
			last, looks, since = buffered, 0, time.Now()
			continue
		}
		if looks >= stallLooks && time.Since(since) >= stallTimeout {
			return transport.ErrStalled
		}
		if err := c.pause(ctx); err != nil {
			return err
		}
	}
}

// buffered returns, in a later turn, how many bytes the runtime has not sent.
func (c *conn) buffered(ctx context.Context) (int, error) {
	if err := c.awaitTurn(ctx); err != nil {
		return 0, err
	}
	var s script
	return s.int(s.get(c.socket, "bufferedAmount")), s.err
}

// Settle implements transport.Settler as far as a page can: the runtime has sent
// everything, and has had another turn. What the peer has received no page can tell.
func (c *conn) Settle(ctx context.Context) {
	for c.failure() == nil {
		buffered, err := c.buffered(ctx)
		if err != nil {
			return
		}
		if buffered == 0 {
			_ = c.awaitTurn(ctx)
			return
		}
		if c.pause(ctx) != nil {
			return
		}
	}
}

// awaitTurn gives control to the runtime until it has worked off its events. A
// turn costs microseconds and is not slowed down in a hidden page, as timers are.
func (c *conn) awaitTurn(ctx context.Context) error {
	c.mu.Lock()
	if c.turn == nil {
		c.turn = make(chan struct{})
	}
	turn := c.turn
	c.mu.Unlock()
	if _, err := c.poke.Invoke(); err != nil {
		return err
	}
	select {
	case <-turn:
	case <-c.done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// pause waits for a network that is slower than turns.
func (c *conn) pause(ctx context.Context) error {
	timer := time.NewTimer(drainPoll)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// sendAll hands a group of messages over in one call, so that nothing of another
// Write comes between them.
func (c *conn) sendAll(s *script, messages []transport.Message) {
	if len(messages) == 0 {
		return
	}
	if texts, ok := joinTexts(messages); ok {
		s.invoke(c.natives.forEach, s.invoke(c.natives.split, texts, c.natives.separator), c.send)
		return
	}
	parts := make([]any, len(messages))
	for i, m := range messages {
		data := m.Data
		if m.Lead != 0 {
			data = append([]byte{m.Lead}, data...)
		}
		if m.Binary {
			parts[i] = s.array(c.natives.uint8Array, data)
		} else {
			parts[i] = string(data)
		}
	}
	if len(parts) == 1 {
		s.invoke(c.send, parts[0])
		return
	}
	s.invoke(c.natives.forEach, s.invoke(c.natives.list, parts...), c.send)
}

// joinTexts joins several texts by the separator. It fails if there is only one, if one holds
// the separator, or if a message is binary.
func joinTexts(messages []transport.Message) (joined string, ok bool) {
	if len(messages) == 1 {
		return "", false
	}
	var b strings.Builder
	for i, m := range messages {
		if m.Binary || bytes.IndexByte(m.Data, separator[0]) >= 0 {
			return "", false
		}
		if i > 0 {
			b.WriteString(separator)
		}
		if m.Lead != 0 {
			b.WriteByte(m.Lead)
		}
		b.Write(m.Data)
	}
	return b.String(), true
}
