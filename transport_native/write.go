//go:build !js

package transportnative

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/isosocket/isosocket/transport"
)

// closeFrameTimeout bounds how long a Close waits for room in the socket's
// buffer. Nearly always there is some.
const closeFrameTimeout = time.Second

// batchSize is how many bytes of frames are collected before they are written.
const batchSize = 16 << 10

// stallBytes is how much a peer that something waits for has to take, or to send of a
// message that it has begun, in each stallTimeout.
const stallBytes = 10_000

var batches = sync.Pool{New: func() any { return new([batchSize]byte) }}

// writeFrames writes each message as a frame, all at once or in pieces of about
// batchSize. The caller holds writing.
//
// Everything from the queue down to the system call must fit in a new goroutine's
// 2 KB stack; growing it would add a fifth to the cost of a lone event.
func (c *conn) writeFrames(messages []transport.Message) error {
	c.batch = batches.Get().(*[batchSize]byte)
	var err error
	for i := 0; i < len(messages) && err == nil; i++ {
		err = c.appendFrame(&messages[i])
	}
	if err == nil && c.collected > 0 {
		err = c.flush()
	}
	batches.Put(c.batch)
	c.batch, c.collected = nil, 0
	return err
}

// appendFrame collects the frame of a message, and writes what gets too much.
func (c *conn) appendFrame(m *transport.Message) error {
	if c.collected+maxHeader+1 > batchSize { // 1 for the lead
		if err := c.flush(); err != nil {
			return err
		}
	}
	first := byte(fin | opText)
	if m.Binary {
		first = fin | opBinary
	}
	key := c.newKey()
	c.collected = len(appendHeader(c.batch[:c.collected], first, m.Len(), key, c.client))
	if m.Lead != 0 {
		c.batch[c.collected] = m.Lead
		key = mask(c.batch[c.collected:c.collected+1], key)
		c.collected++
	}
	if !c.client && len(m.Data) > batchSize-c.collected {
		// A payload may be longer than all that is ever collected. It is not copied.
		return c.writeLarge(m.Data)
	}
	for payload := m.Data; ; {
		n := copy(c.batch[c.collected:], payload)
		key = mask(c.batch[c.collected:c.collected+n], key)
		c.collected += n
		if payload = payload[n:]; len(payload) == 0 {
			return nil
		}
		if err := c.flush(); err != nil {
			return err
		}
	}
}

// writeLarge writes what was collected and the payload, at once where the system can.
func (c *conn) writeLarge(payload []byte) error {
	if !c.resumable {
		if err := c.flush(); err != nil {
			return err
		}
		return c.writeStream(payload)
	}
	if err := c.ready(); err != nil {
		return err
	}
	buffers := net.Buffers{c.batch[:c.collected], payload}
	c.collected = 0
	for {
		n, err := buffers.WriteTo(c.stream)
		if !c.goesOn(int(n), err) {
			return c.writeError
		}
		if err == nil {
			return nil
		}
	}
}

// flush writes what was collected.
func (c *conn) flush() error {
	err := c.writeStream(c.batch[:c.collected])
	c.collected = 0
	return err
}

// writeStream writes p. A stream that a deadline breaks within a Write, as it does TLS,
// is given as much at a time as it has to take before the deadline.
func (c *conn) writeStream(p []byte) error {
	for {
		if err := c.ready(); err != nil {
			return err
		}
		piece := p
		if !c.resumable {
			piece = p[:min(len(p), stallBytes)]
		}
		n, err := c.stream.Write(piece)
		if !c.goesOn(n, err) {
			return c.writeError
		}
		if p = p[n:]; len(p) == 0 {
			return nil
		}
	}
}

// goesOn counts what a write to the stream has taken and reports whether another may
// follow: after a deadline, when the peer has taken enough before it.
func (c *conn) goesOn(n int, err error) bool {
	c.moved.Add(int64(n))
	c.sent += n
	c.taken += n
	if err == nil {
		return true
	}
	c.writeError = err
	if !errors.Is(err, os.ErrDeadlineExceeded) || c.closing.Load() {
		return false
	}
	if c.resumable && c.taken >= stallBytes {
		c.writeError = c.allowTime()
		return c.writeError == nil
	}
	c.writeError = fmt.Errorf("%w: the peer took %d bytes in %v", transport.ErrStalled, c.taken, c.stallTimeout)
	return false
}

// unsent returns how many of the messages, the last ones, the stream has taken nothing of.
func (c *conn) unsent(messages []transport.Message) int {
	left := c.sent
	for i := range messages {
		if left <= 0 {
			return len(messages) - i
		}
		n := messages[i].Len()
		left -= n + len(appendHeader(nil, 0, n, 0, c.client))
	}
	return 0
}

// newKey returns a key to mask a frame with, which nobody can foresee; 0 for a server.
// https://www.rfc-editor.org/rfc/rfc6455#section-10.3
func (c *conn) newKey() uint32 {
	if !c.client {
		return 0
	}
	var b [4]byte
	rand.Read(b[:]) // never fails, see crypto/rand
	return binary.LittleEndian.Uint32(b[:])
}

// ping sends a ping, unless the connection has its final error.
func (c *conn) ping(payload []byte) error {
	c.writing.Lock()
	err := c.failure()
	if err == nil {
		err = c.sendControl(opPing, payload)
	}
	c.writing.Unlock()
	if c.pinged.Load() != nil {
		_ = c.answerPing()
	}
	return err
}

// answerPing answers a ping. Where something is being written, whoever writes does it
// afterwards: what the peer sends is not to wait for what it takes. "If an endpoint
// receives a Ping frame and has not yet sent Pong frame(s) in response to previous Ping
// frame(s), the endpoint MAY elect to send a Pong frame for only the most recently
// processed Ping frame."
// https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3
func (c *conn) answerPing() error {
	for c.pinged.Load() != nil && c.writing.TryLock() {
		payload := c.pinged.Swap(nil)
		err := c.failure()
		if payload != nil && err == nil {
			err = c.sendControl(opPong, *payload)
		}
		c.writing.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// sendControl sends a control frame. The caller holds writing.
func (c *conn) sendControl(op byte, payload []byte) error {
	key := c.newKey()
	frame := appendHeader(make([]byte, 0, maxHeader+len(payload)), fin|op, len(payload), key, c.client)
	frame = append(frame, payload...)
	mask(frame[len(frame)-len(payload):], key)
	return c.writeStream(frame)
}

// ready returns nil when something may be written. After an error, which may have
// left half a frame, nothing is any more. The caller holds writing.
func (c *conn) ready() error {
	if c.writeError == nil {
		c.writeError = c.allowTime()
	}
	return c.writeError
}

// allowTime gives a write at least stallTimeout, and at most a quarter more: moving
// the deadline for each write would take a twentieth of what a broadcast does.
func (c *conn) allowTime() error {
	now := time.Now()
	if c.closing.Load() || c.deadline.Sub(now) >= c.stallTimeout {
		return nil
	}
	c.taken = 0
	c.deadline = now.Add(c.stallTimeout + c.stallTimeout/4)
	err := c.stream.SetWriteDeadline(c.deadline)
	if c.closing.Load() { // interrupt came between: its deadline is the one that counts
		c.limitWrites()
	}
	return err
}

func (c *conn) limitWrites() {
	_ = c.stream.SetWriteDeadline(time.Now().Add(closeFrameTimeout))
}
