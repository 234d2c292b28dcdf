//go:build js

package transportjs

import (
	"errors"
	"fmt"

	"github.com/hack-pad/safejs"

	"github.com/isosocket/isosocket/transport"
)

// errNotOpened is all that a runtime tells, so that a page cannot explore a network.
var errNotOpened = errors.New("refused or not reachable")

// On a quiet line direct listens, which takes each message to Read at once. Now and
// then it does not listen on and asks for a turn, in which onTurn takes whatever came
// meanwhile. While turns find several messages only poke listens, so that a burst
// enters Go once a turn.

// maxRun is how many messages are taken one by one before a turn tells whether the
// line is still quiet. It begins with one, and doubles with each turn that finds
// nothing. With a turn behind each message, a quarter fewer events of 50 B go round
// one at a time in Chromium.
const maxRun = 16

// onMessage runs for a message of a quiet line.
func (c *conn) onMessage(event safejs.Value) {
	m, err := c.inbox.only(event)
	if !c.received([]transport.Message{m}, err) {
		return
	}
	if c.left--; c.left > 0 {
		return
	}
	var s script
	s.call(c.socket, "removeEventListener", "message", c.direct)
	s.invoke(c.poke)
	c.check(&s)
}

// onTurn runs when poke was called.
func (c *conn) onTurn() {
	c.mu.Lock()
	if c.turn != nil {
		close(c.turn)
		c.turn = nil
	}
	c.mu.Unlock()
	messages, more, err := c.inbox.take()
	if !c.received(messages, err) {
		return
	}
	var s script
	switch {
	case more:
		s.invoke(c.poke)
	case c.closing != nil:
		c.fail(c.closing)
	case len(messages) <= 1:
		if c.run = min(2*c.run, maxRun); len(messages) > 0 {
			c.run = 1
		}
		c.left = c.run
		s.call(c.socket, "addEventListener", "message", c.direct)
	default:
		c.run = 1
		s.call(c.socket, "addEventListener", "message", c.poke, c.natives.once)
	}
	c.check(&s)
}

// check ends a connection that could not listen on.
func (c *conn) check(s *script) {
	if s.err != nil {
		c.abort(0, fmt.Errorf("transportjs: receive: %w", s.err))
	}
}

// onError runs when the connection could not be opened, or was lost. A close event
// follows, except that Node.js 20 has none for a handshake that failed.
func (c *conn) onError() {
	select {
	case <-c.opened:
	default:
		c.fail(errNotOpened)
	}
}

// onClose runs for the close event, after every message event. The messages that
// are still queued come first.
func (c *conn) onClose(event safejs.Value) {
	var s script
	c.closing = &transport.CloseError{
		Code:   s.int(s.get(event, "code")),
		Reason: s.string(s.get(event, "reason")),
	}
	if s.err != nil {
		c.fail(fmt.Errorf("transportjs: receive: %w", s.err))
		return
	}
	c.onTurn()
}

// received hands messages to Read and reports whether the connection goes on.
func (c *conn) received(messages []transport.Message, err error) bool {
	code := 0
	if err != nil {
		messages, err = nil, fmt.Errorf("transportjs: receive: %w", err)
	}
	size := 0
	for i, m := range messages {
		if c.limits.message > 0 && len(m.Data) > c.limits.message {
			messages, code = messages[:i], 1009
			err = fmt.Errorf("transportjs: receive: %w: %d bytes, limit %d", transport.ErrTooLarge, len(m.Data), c.limits.message)
			break
		}
		size += len(m.Data)
	}
	c.mu.Lock()
	if c.err == nil {
		c.compact()
		c.messages = append(c.messages, messages...)
		c.unread += size
	}
	full := c.unread > c.limits.unread && len(c.messages)-c.next > 1
	c.mu.Unlock()
	if full && err == nil {
		err = ErrUnread
	}
	if err != nil {
		c.abort(code, err)
		return false
	}
	select {
	case c.arrived <- struct{}{}:
	default:
	}
	return true
}

// compact gives up the places of messages that were read, so that a reader that
// is always behind does not make the list grow. The caller holds mu.
func (c *conn) compact() {
	if c.next > len(c.messages)/2 {
		n := copy(c.messages, c.messages[c.next:])
		clear(c.messages[n:])
		c.messages, c.next = c.messages[:n], 0
	}
}
