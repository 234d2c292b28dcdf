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
	// maxUnchecked is how many bytes are sent before bufferedAmount is asked for again.
	maxUnchecked = 64 << 10
	// drainPoll is how long Write waits before it looks again at a buffer that does
	// not drain.
	drainPoll = 4 * time.Millisecond
)

// Write waits while more than 1 MiB is unsent.
func (c *conn) Write(ctx context.Context, messages ...transport.Message) error {
	if err := c.awaitBuffer(ctx); err != nil {
		err = fmt.Errorf("transportjs: write: %w", err)
		c.abort(0, err)
		return err
	}
	if err := c.failure(); err != nil {
		return err
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
		c.unchecked += len(m.Data)
	}
	c.mu.Unlock()
	return nil
}

// awaitBuffer waits until the browser has sent enough to take more, or until the
// connection has ended.
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
	last := 0
	for {
		var s script
		buffered := s.int(s.get(c.socket, "bufferedAmount"))
		if s.err != nil {
			return s.err
		}
		if buffered <= maxBuffered {
			c.mu.Lock()
			c.unchecked = 0
			c.mu.Unlock()
			return nil
		}
		// The amount changes between turns only. A turn costs microseconds and is not
		// slowed down in a hidden page, as timers are, but a network that is slower wants a pause.
		var pause <-chan time.Time
		if buffered == last {
			pause = time.After(drainPoll)
		} else {
			s.invoke(c.poke)
		}
		last = buffered
		select {
		case <-c.turned:
		case <-pause:
		case <-c.done:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// sendAll hands a group of messages over in one call, so that nothing of another
// Write comes between them.
func (c *conn) sendAll(s *script, messages []transport.Message) {
	switch texts, ok := joinTexts(messages); {
	case len(messages) == 0:
	case ok && len(messages) == 1:
		s.invoke(c.send, texts)
	case ok:
		s.invoke(c.natives.forEach, s.invoke(c.natives.split, texts, c.natives.separator), c.send)
	case len(messages) == 1:
		s.invoke(c.send, c.binaries(s, messages)[0])
	default:
		parts := c.binaries(s, messages)
		for i, m := range messages {
			if !m.Binary {
				parts[i] = string(m.Data)
			}
		}
		s.invoke(c.natives.forEach, s.invoke(c.natives.list, parts...), c.send)
	}
}

// joinTexts joins messages by the separator. It fails if one is binary, or holds
// the separator and is not alone.
func joinTexts(messages []transport.Message) (joined string, ok bool) {
	var b strings.Builder
	for i, m := range messages {
		if m.Binary || len(messages) > 1 && bytes.IndexByte(m.Data, separator[0]) >= 0 {
			return "", false
		}
		if i > 0 {
			b.WriteString(separator)
		}
		b.Write(m.Data)
	}
	return b.String(), true
}

// binaries copies the binary messages into one array of bytes and returns a view
// of each at the place of its message.
func (c *conn) binaries(s *script, messages []transport.Message) []any {
	var all []byte
	for _, m := range messages {
		if m.Binary {
			all = append(all, m.Data...)
		}
	}
	array := s.array(c.natives.uint8Array, all)
	views := make([]any, len(messages))
	start := 0
	for i, m := range messages {
		if m.Binary {
			views[i] = array
			if len(m.Data) < len(all) {
				views[i] = s.call(array, "subarray", start, start+len(m.Data))
			}
			start += len(m.Data)
		}
	}
	return views
}
