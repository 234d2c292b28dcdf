//go:build !js

package transportnative

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/isosocket/isosocket/transport"
)

// source is where frames come from.
type source interface {
	io.Reader
	// Buffered returns how many bytes can be read without waiting.
	Buffered() int
}

// violation is what a peer must not send.
type violation struct{ err error }

func (v *violation) Error() string { return v.err.Error() }

var (
	errUTF8         = errors.New("text that is not UTF-8")
	errOpcode       = errors.New("unknown opcode")
	errContinuation = errors.New("continuation of no message, or a message within another")
	errControl      = errors.New("control frame that is fragmented or too long")
	errClosePayload = errors.New("invalid close frame")
)

// receive reads the next message. The error is a [*violation], one that matches
// transport.ErrTooLarge, a [*transport.CloseError] for a close frame, or what the
// source says.
func (c *conn) receive() (m transport.Message, err error) {
	h, err := c.nextData(false, 0)
	if err != nil {
		return m, err
	}
	m.Binary = h.op == opBinary
	if !h.fin || h.length > c.source.Buffered() {
		m.Data, err = c.assembleInTime(h)
		return m, err
	}
	c.moved.Add(int64(h.length))
	m.Data = make([]byte, h.length)
	_, _ = io.ReadFull(c.source, m.Data) // it is all there
	mask(m.Data, h.key)
	if !m.Binary && !utf8.Valid(m.Data) {
		return m, &violation{errUTF8}
	}
	return m, nil
}

// validText returns how many of the first bytes of a text are valid, all but a
// character that is not complete. It fails at what cannot become valid.
func validText(p []byte) (n int, ok bool) {
	n = len(p)
	for i := n - 1; i >= 0 && i >= n-utf8.UTFMax; i-- {
		if utf8.RuneStart(p[i]) {
			if !utf8.FullRune(p[i:]) {
				n = i
			}
			break
		}
	}
	return n, utf8.Valid(p[:n])
}

const (
	minScratch = 4 << 10
	maxScratch = 256 << 10 // a larger one is not kept
)

var scratches = sync.Pool{New: func() any { s := make([]byte, 0, minScratch); return &s }}

// assembleInTime is assemble of a peer that has to go on, see stallBytes.
func (c *conn) assembleInTime(h header) ([]byte, error) {
	c.beginRead()
	data, err := c.assemble(h)
	if stopped(err) && !c.closing.Load() {
		return nil, fmt.Errorf("%w: %d bytes of a message came in %v", transport.ErrStalled, c.came, c.stallTimeout)
	}
	if err == nil {
		c.allowRead(time.Time{})
	}
	return data, err
}

// stopped reports whether a deadline has ended a read.
func stopped(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// beginRead begins a time in which enough has to come.
func (c *conn) beginRead() {
	c.came = 0
	c.allowRead(time.Now().Add(c.stallTimeout))
}

// enough reports whether enough has come for another such time, and begins it.
func (c *conn) enough() bool {
	if c.came < stallBytes || c.closing.Load() {
		return false
	}
	c.beginRead()
	return true
}

// allowRead sets the deadline of reading, unless that was interrupted.
func (c *conn) allowRead(deadline time.Time) {
	_ = c.stream.SetReadDeadline(deadline)
	if c.closing.Load() { // interrupt came between
		_ = c.stream.SetReadDeadline(time.Unix(1, 0))
	}
}

// assemble reads a message that has only begun to arrive, or comes in several
// frames. What a header announces is not to be trusted: the memory grows with what
// has arrived, and the message gets its own when it is complete.
func (c *conn) assemble(h header) ([]byte, error) {
	kept := scratches.Get().(*[]byte)
	defer scratches.Put(kept)
	message := (*kept)[:0]
	text, valid := h.op == opText, 0 // bytes that are known to be
	for {
		for missing := h.length; missing > 0; {
			if len(message) == cap(message) {
				message = append(make([]byte, 0, 2*len(message)), message...)
				if cap(message) <= maxScratch {
					*kept = message[:0]
				}
			}
			free := message[len(message):cap(message)]
			n, err := c.source.Read(free[:min(len(free), missing)])
			message = message[:len(message)+n]
			missing -= n
			h.key = mask(message[len(message)-n:], h.key)
			if text {
				more, ok := validText(message[valid:])
				if valid += more; !ok {
					return nil, &violation{errUTF8}
				}
			}
			c.came += n
			c.moved.Add(int64(n))
			if err != nil && missing > 0 && !(stopped(err) && c.enough()) {
				return nil, err
			}
		}
		if h.fin {
			if text && valid < len(message) {
				return nil, &violation{errUTF8}
			}
			data := make([]byte, len(message))
			copy(data, message)
			return data, nil
		}
		c.enough()
		var err error
		if h, err = c.nextData(true, len(message)); err != nil {
			return nil, err
		}
	}
}

// nextData returns the next header that is not that of a control frame: within a
// message, of which so many bytes were read, or not.
func (c *conn) nextData(within bool, size int) (header, error) {
	for {
		h, err := readHeader(c.source, &c.header, !c.client)
		switch {
		case err != nil:
			return h, err
		case h.op&opControl != 0:
			if err := c.control(h); err != nil {
				return h, err
			}
		case h.op > opBinary:
			return h, &violation{errOpcode}
		case h.op == opContinuation != within:
			return h, &violation{errContinuation}
		case c.maxMessage > 0 && h.length > c.maxMessage-size:
			return h, fmt.Errorf("transportnative: message of more than %d bytes: %w", c.maxMessage, transport.ErrTooLarge)
		default:
			return h, nil
		}
	}
}

// control reads a control frame and does what it asks for.
// https://www.rfc-editor.org/rfc/rfc6455#section-5.5
func (c *conn) control(h header) error {
	if h.op > opPong {
		return &violation{errOpcode}
	}
	if !h.fin || h.length > maxControlPayload {
		return &violation{errControl}
	}
	payload := make([]byte, h.length)
	if _, err := io.ReadFull(c.source, payload); err != nil {
		return err
	}
	mask(payload, h.key)
	switch h.op {
	case opPing:
		c.pinged.Store(&payload)
		return c.answerPing()
	case opPong:
		c.ponged(payload)
	case opClose:
		return parseClose(payload)
	}
	return nil
}

// parseClose returns the payload of a close frame as the error that it stands for.
// https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1
func parseClose(payload []byte) error {
	if len(payload) == 0 {
		return &transport.CloseError{Code: int(websocket.StatusNoStatusRcvd)}
	}
	if len(payload) == 1 {
		return &violation{errClosePayload}
	}
	code, reason := int(binary.BigEndian.Uint16(payload)), payload[2:]
	switch {
	case !sendable(code):
		return &violation{errClosePayload}
	case !utf8.Valid(reason):
		return &violation{errUTF8}
	}
	return &transport.CloseError{Code: code, Reason: string(reason)}
}

// sendable tells whether a close frame may carry the code.
// https://www.rfc-editor.org/rfc/rfc6455#section-7.4
func sendable(code int) bool {
	switch code {
	case 1004, 1005, 1006, 1015:
		return false
	}
	return 1000 <= code && code < 1015 || 3000 <= code && code < 5000
}
