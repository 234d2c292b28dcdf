//go:build js

package transportjs

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/hack-pad/safejs"

	"github.com/isosocket/isosocket/transport"
)

// maxUnread bounds the bytes that wait for Read, unless it is one message that has them.
const maxUnread = 64 << 20

// ErrUnread is returned by Read and Write of a connection that was ended because
// more than 64 MiB of messages waited for Read.
var ErrUnread = errors.New("transportjs: too many messages unread")

// limits are in bytes.
type limits struct {
	message int // of one received message; 0 means none
	unread  int // of the messages that wait for Read
}

// conn is a WebSocket of the runtime. What its callbacks do is in receive.go, what
// Write does in send.go.
type conn struct {
	natives *natives
	limits  limits
	socket  safejs.Value
	send    safejs.Value // socket.send, bound

	callbacks callbacks
	inbox     inbox
	direct    safejs.Value          // listener for a message: onMessage
	run, left int                   // messages that it takes before the next turn, and how many of them are to come; callbacks only
	poke      safejs.Value          // listener for a message, native: has onTurn called in a turn of its own
	closing   *transport.CloseError // set by the close event; callbacks only

	opened  chan struct{} // closed by the open event
	done    chan struct{} // closed with err set
	arrived chan struct{} // holds a token when messages were appended

	mu        sync.Mutex
	messages  []transport.Message // received; those before next were read
	next      int
	unread    int           // bytes of messages that were not read
	unchecked int           // bytes sent since awaitBuffer looked
	turn      chan struct{} // closed by onTurn; nil if nobody waits
	err       error         // why the connection ended
}

// newConn listens to a socket that is connecting. The conn is not nil when there is an error.
func newConn(socket safejs.Value, n *natives, l limits) (*conn, error) {
	c := &conn{
		natives: n,
		limits:  l,
		socket:  socket,
		run:     1,
		left:    1,
		opened:  make(chan struct{}),
		done:    make(chan struct{}),
		arrived: make(chan struct{}, 1),
	}
	var s script
	s.set(socket, "binaryType", "arraybuffer")
	c.send = s.bind(socket, "send")
	c.inbox = newInbox(&s, n)

	channel := s.construct(n.channel)
	port := s.get(channel, "port1")
	s.set(port, "onmessage", c.callbacks.lend(&s, func([]safejs.Value) { c.onTurn() }))
	c.callbacks.undo(func() {
		_ = port.Set("onmessage", nil) // a turn that is due already must not enter Go
		_, _ = port.Call("close")
	})
	c.poke = s.bind(s.get(channel, "port2"), "postMessage", nil)

	// An event is queued before the listeners added later see it.
	c.callbacks.listen(&s, socket, "message", c.inbox.push)
	c.direct = c.callbacks.lend(&s, func(args []safejs.Value) { c.onMessage(args[0]) })
	c.callbacks.listen(&s, socket, "message", c.direct)
	c.callbacks.undo(func() { _, _ = socket.Call("removeEventListener", "message", c.poke) }) // onTurn adds it
	c.callbacks.listen(&s, socket, "open", c.callbacks.lend(&s, func([]safejs.Value) { close(c.opened) }), n.once)
	c.callbacks.listen(&s, socket, "error", c.callbacks.lend(&s, func([]safejs.Value) { c.onError() }))
	c.callbacks.listen(&s, socket, "close", c.callbacks.lend(&s, func(args []safejs.Value) { c.onClose(args[0]) }))
	return c, s.err
}

func (c *conn) Read(ctx context.Context) (transport.Message, error) {
	for {
		c.mu.Lock()
		if c.next < len(c.messages) {
			m := c.messages[c.next]
			c.messages[c.next] = transport.Message{}
			c.unread -= len(m.Data)
			if c.next++; c.next == len(c.messages) {
				c.messages, c.next = c.messages[:0], 0
			}
			c.mu.Unlock()
			return m, nil
		}
		err := c.err
		c.mu.Unlock()
		if err != nil {
			return transport.Message{}, err
		}
		select {
		case <-c.arrived:
		case <-c.done:
		case <-ctx.Done():
			err := fmt.Errorf("transportjs: read: %w", context.Cause(ctx))
			c.abort(0, err)
			return transport.Message{}, err
		}
	}
}

func (c *conn) Close(code int, reason string) error {
	c.mu.Lock()
	c.messages, c.next, c.unread = nil, 0, 0
	ended := c.err != nil
	c.err = transport.ErrClosed
	c.mu.Unlock()
	if !ended {
		c.finish()
		closeSocket(c.socket, code, reason)
	}
	return nil
}

// abort ends the connection from this side. The first error stays.
func (c *conn) abort(code int, err error) {
	if c.fail(err) {
		closeSocket(c.socket, code, "")
	}
}

// fail records why the connection ended and takes everything back that JavaScript
// holds of it. It reports whether the connection had not ended before.
func (c *conn) fail(err error) bool {
	c.mu.Lock()
	ended := c.err != nil
	if !ended {
		c.err = err
	}
	c.mu.Unlock()
	if !ended {
		c.finish()
	}
	return !ended
}

// finish is called once, by whoever set err first.
func (c *conn) finish() {
	close(c.done)
	c.callbacks.release()
}

// failure returns why the connection ended, nil while it has not.
func (c *conn) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}
