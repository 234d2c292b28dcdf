//go:build !js

package transportnative

import (
	"crypto/rand"
	"encoding/binary"
	"net"
	"sync"
	"time"

	"github.com/isosocket/isosocket/transport"
)

// closeFrameTimeout bounds how long a Close waits for room in the socket's
// buffer. Nearly always there is some.
const closeFrameTimeout = 100 * time.Millisecond

// batchSize is how many bytes of frames are collected before they are written.
const batchSize = 16 << 10

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
	if err := c.ready(); err != nil {
		return err
	}
	buffers := net.Buffers{c.batch[:c.collected], payload}
	_, c.writeError = buffers.WriteTo(c.stream)
	c.collected = 0
	return c.writeError
}

// flush writes what was collected.
func (c *conn) flush() error {
	if err := c.ready(); err != nil {
		return err
	}
	_, c.writeError = c.stream.Write(c.batch[:c.collected])
	c.collected = 0
	return c.writeError
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

// writeControl writes a control frame, unless the connection has its final error.
func (c *conn) writeControl(op byte, payload []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if err := c.failure(); err != nil {
		return err
	}
	return c.sendControl(op, payload)
}

// sendControl sends a control frame. The caller holds writing.
func (c *conn) sendControl(op byte, payload []byte) error {
	key := c.newKey()
	frame := appendHeader(make([]byte, 0, maxHeader+len(payload)), fin|op, len(payload), key, c.client)
	frame = append(frame, payload...)
	mask(frame[len(frame)-len(payload):], key)
	if err := c.ready(); err != nil {
		return err
	}
	_, c.writeError = c.stream.Write(frame)
	return c.writeError
}

// ready returns nil when something may be written. After an error, which may have
// left half a frame, nothing is any more. The caller holds writing.
func (c *conn) ready() error {
	if c.writeError == nil {
		c.writeError = c.allowTime()
	}
	return c.writeError
}

// allowTime gives a write at least writeTimeout, and at most a quarter more: moving
// the deadline for each write would take a twentieth of what a broadcast does.
func (c *conn) allowTime() error {
	now := time.Now()
	if c.closing.Load() || c.deadline.Sub(now) >= c.writeTimeout {
		return nil
	}
	c.deadline = now.Add(c.writeTimeout + c.writeTimeout/4)
	err := c.stream.SetWriteDeadline(c.deadline)
	if c.closing.Load() { // interrupt came between: its deadline is the one that counts
		c.limitWrites()
	}
	return err
}

func (c *conn) limitWrites() {
	_ = c.stream.SetWriteDeadline(time.Now().Add(closeFrameTimeout))
}
