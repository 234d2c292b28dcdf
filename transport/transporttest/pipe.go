package transporttest

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/isosocket/isosocket/transport"
)

// PipeBuffer is how many messages one direction of a [Pipe] holds before a Write
// waits for the peer to read.
const PipeBuffer = 16

// PipeConn is one end of a [Pipe].
type PipeConn struct {
	in, out    *direction
	maxMessage int
	end        sync.Once
	ended      chan struct{} // closed once err is set
	err        error         // what Read and Write return from then on
}

// direction carries messages one way.
type direction struct {
	turn     chan struct{} // holds a token while a Write is in progress
	messages chan transport.Message
	end      sync.Once
	ended    chan struct{} // closed once err is set: no message follows
	err      error         // what the reader gets after the last message
}

func newDirection() *direction {
	return &direction{
		turn:     make(chan struct{}, 1),
		messages: make(chan transport.Message, PipeBuffer),
		ended:    make(chan struct{}),
	}
}

func (d *direction) finish(err error) {
	d.end.Do(func() {
		d.err = err
		close(d.ended)
	})
}

// Pipe returns the two ends of an in-memory connection. What one end writes the
// other reads, with the semantics that [transport.Conn] demands. Each end refuses
// messages of more than maxMessage bytes (0 means no limit).
//
// A pipe starts no goroutine and reads no clock, and whoever waits on it waits on
// channels: inside a [testing/synctest] bubble a waiting end is durably blocked.
func Pipe(maxMessage int) (a, b *PipeConn) {
	return newPipe(maxMessage, maxMessage)
}

func newPipe(maxA, maxB int) (a, b *PipeConn) {
	ab, ba := newDirection(), newDirection()
	a = &PipeConn{in: ba, out: ab, maxMessage: maxA, ended: make(chan struct{})}
	b = &PipeConn{in: ab, out: ba, maxMessage: maxB, ended: make(chan struct{})}
	return a, b
}

// finish makes err the final error of this end and tells the peer of the close.
func (c *PipeConn) finish(err, peer error) {
	c.end.Do(func() {
		c.err = err
		close(c.ended)
		c.out.finish(peer)
	})
}

// Read implements [transport.Conn].
func (c *PipeConn) Read(ctx context.Context) (transport.Message, error) {
	if err := c.check(ctx); err != nil {
		return transport.Message{}, err
	}
	select {
	case m := <-c.in.messages:
		return c.receive(m)
	case <-c.in.ended:
		select {
		case m := <-c.in.messages:
			return c.receive(m)
		default:
			return transport.Message{}, c.lost()
		}
	case <-c.ended:
		return transport.Message{}, c.err
	case <-ctx.Done():
		return transport.Message{}, c.cancel(ctx)
	}
}

func (c *PipeConn) receive(m transport.Message) (transport.Message, error) {
	switch {
	case c.maxMessage > 0 && len(m.Data) > c.maxMessage:
		return transport.Message{}, c.refuse(1009, fmt.Errorf("transporttest: message of %d bytes, limit %d: %w", len(m.Data), c.maxMessage, transport.ErrTooLarge))
	case !m.Binary && !utf8.Valid(m.Data):
		return transport.Message{}, c.refuse(1007, fmt.Errorf("transporttest: text message is not UTF-8"))
	}
	return m, nil
}

// Write implements [transport.Conn].
func (c *PipeConn) Write(ctx context.Context, messages ...transport.Message) error {
	written, err := c.write(ctx, messages)
	if err != nil {
		return &transport.UnsentError{Messages: len(messages) - written, Err: err}
	}
	return nil
}

func (c *PipeConn) write(ctx context.Context, messages []transport.Message) (written int, err error) {
	if err := c.check(ctx); err != nil {
		return 0, err
	}
	select {
	case c.out.turn <- struct{}{}:
		defer func() { <-c.out.turn }()
	case <-c.ended:
		return written, c.err
	case <-c.in.ended:
		return written, c.in.err
	case <-ctx.Done():
		return written, c.cancel(ctx)
	}
	for _, m := range messages {
		select {
		case <-c.ended:
			return written, c.err
		case <-c.in.ended:
			return written, c.in.err
		default:
		}
		if m.Lead != 0 {
			m.Data = append([]byte{m.Lead}, m.Data...)
			m.Lead = 0
		} else {
			m.Data = bytes.Clone(m.Data)
		}
		select {
		case c.out.messages <- m:
			written++
		case <-c.ended:
			return written, c.err
		case <-c.in.ended:
			return written, c.in.err
		case <-ctx.Done():
			return written, c.cancel(ctx)
		}
	}
	return written, nil
}

// Close implements [transport.Conn]. The code and the reason are not checked.
func (c *PipeConn) Close(code int, reason string) error {
	if code == 0 {
		code = 1005
	}
	c.finish(transport.ErrClosed, &transport.CloseError{Code: code, Reason: reason})
	return nil
}

// Drop loses the connection without a close frame, as a broken network does: both
// ends get a [*transport.CloseError] with code 1006, the peer after it has read
// what was written before.
func (c *PipeConn) Drop() {
	lost := &transport.CloseError{Code: 1006}
	c.finish(lost, lost)
}

// check returns the error that is there before anything is tried.
func (c *PipeConn) check(ctx context.Context) error {
	select {
	case <-c.ended:
		return c.err
	default:
	}
	if ctx.Err() != nil {
		return c.cancel(ctx)
	}
	return nil
}

// cancel ends the connection because the context of a Read or Write is over.
func (c *PipeConn) cancel(ctx context.Context) error {
	c.finish(context.Cause(ctx), &transport.CloseError{Code: 1006})
	return c.err
}

// refuse ends the connection because of what the peer sent.
func (c *PipeConn) refuse(code int, err error) error {
	c.finish(err, &transport.CloseError{Code: code})
	return c.err
}

// lost ends the connection because the peer has.
func (c *PipeConn) lost() error {
	c.finish(c.in.err, c.in.err)
	return c.err
}
