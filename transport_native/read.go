//go:build !js

package transportnative

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
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
	errUTF8         = errors.New("text message is not UTF-8")
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
	if h.fin && h.length <= c.source.Buffered() {
		m.Data = make([]byte, h.length)
		_, _ = io.ReadFull(c.source, m.Data) // it is all there
		mask(m.Data, h.key)
	} else if m.Data, err = c.assemble(h); err != nil {
		return m, err
	}
	if !m.Binary && !utf8.Valid(m.Data) {
		return m, &violation{errUTF8}
	}
	return m, nil
}

const (
	minScratch = 4 << 10
	maxScratch = 256 << 10 // a larger one is not kept
)

var scratches = sync.Pool{New: func() any { s := make([]byte, 0, minScratch); return &s }}

// assemble reads a message that has only begun to arrive, or comes in several
// frames. What a header announces is not to be trusted: the memory grows with what
// has arrived, and the message gets its own when it is complete.
func (c *conn) assemble(h header) ([]byte, error) {
	kept := scratches.Get().(*[]byte)
	defer scratches.Put(kept)
	message := (*kept)[:0]
	for {
		start := len(message)
		for missing := h.length; missing > 0; {
			if len(message) == cap(message) {
				message = append(make([]byte, 0, 2*len(message)), message...)
				if cap(message) <= maxScratch {
					*kept = message[:0]
				}
			}
			free := message[len(message):cap(message)]
			n, err := c.source.Read(free[:min(len(free), missing)])
			if err != nil && n < missing {
				return nil, err
			}
			message = message[:len(message)+n]
			missing -= n
		}
		mask(message[start:], h.key)
		if h.fin {
			data := make([]byte, len(message))
			copy(data, message)
			return data, nil
		}
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
		return c.writeControl(opPong, payload)
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
	code := int(binary.BigEndian.Uint16(payload))
	if !sendable(code) {
		return &violation{errClosePayload}
	}
	return &transport.CloseError{Code: code, Reason: strings.ToValidUTF8(string(payload[2:]), "\uFFFD")}
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
