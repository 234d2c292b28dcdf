//go:build !js

package transportnative

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/isosocket/isosocket/transport"
)

// conn is a transport.Conn on a WebSocket of coder/websocket.
type conn struct {
	ws         *websocket.Conn
	wire       *wire
	maxMessage int

	writing sync.Mutex // held during a Write, so that groups do not mix

	mu  sync.Mutex
	err error // final error; guarded by mu
}

func newConn(ws *websocket.Conn, w *wire, maxMessage int) *conn {
	if maxMessage > 0 {
		ws.SetReadLimit(int64(maxMessage))
	} else {
		ws.SetReadLimit(-1)
	}
	return &conn{ws: ws, wire: w, maxMessage: maxMessage}
}

// Read implements transport.Conn.
func (c *conn) Read(ctx context.Context) (transport.Message, error) {
	if ctx.Done() == nil {
		return c.read()
	}
	stop := c.watch(ctx)
	defer stop()
	return c.read()
}

func (c *conn) read() (transport.Message, error) {
	if err := c.failure(); err != nil {
		return transport.Message{}, err
	}
	kind, r, err := c.ws.Reader(context.Background())
	if err != nil {
		return transport.Message{}, c.readFailed(err)
	}
	data, err := readMessage(r)
	if err != nil {
		return transport.Message{}, c.readFailed(err)
	}
	m := transport.Message{Data: data, Binary: kind == websocket.MessageBinary}
	if !m.Binary && !utf8.Valid(data) {
		return transport.Message{}, c.refuse(websocket.StatusInvalidFramePayloadData, errors.New("transportnative: text message is not UTF-8"))
	}
	return m, nil
}

const (
	minScratch = 4 << 10
	maxScratch = 256 << 10 // a larger one is not kept
)

var scratches = sync.Pool{New: func() any { s := make([]byte, minScratch); return &s }}

// readMessage reads a message with one allocation of its size. The length is not
// known before its end, and what a frame header announces is not to be trusted:
// the scratch grows with what has arrived.
func readMessage(r io.Reader) ([]byte, error) {
	kept := scratches.Get().(*[]byte)
	defer scratches.Put(kept)
	scratch, n := *kept, 0
	for {
		if n == len(scratch) {
			scratch = append(scratch, make([]byte, n)...)
			if len(scratch) <= maxScratch {
				*kept = scratch
			}
		}
		k, err := r.Read(scratch[n:])
		n += k
		if err == io.EOF {
			return slices.Clip(bytes.Clone(scratch[:n])), nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// Write implements transport.Conn.
func (c *conn) Write(ctx context.Context, messages ...transport.Message) error {
	if ctx.Done() == nil {
		return c.write(messages)
	}
	stop := c.watch(ctx)
	defer stop()
	return c.write(messages)
}

func (c *conn) write(messages []transport.Message) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if err := c.failure(); err != nil {
		return err
	}
	write := c.writeMasked
	if c.wire.server {
		write = c.wire.writeFrames
	}
	if err := write(messages); err != nil {
		return c.writeFailed(err)
	}
	return nil
}

// writeMasked writes messages as frames of a client, which the library masks.
func (c *conn) writeMasked(messages []transport.Message) error {
	c.wire.collect()
	var err error
	for i := 0; i < len(messages) && err == nil; i++ {
		kind := websocket.MessageText
		if messages[i].Binary {
			kind = websocket.MessageBinary
		}
		err = c.ws.Write(context.Background(), kind, messages[i].Data)
	}
	if flushed := c.wire.flush(); err == nil {
		err = flushed
	}
	return err
}

const maxReason = 123 // bytes, https://www.rfc-editor.org/rfc/rfc6455#section-5.5

// Close implements transport.Conn. With a code that must not be sent or a reason
// that is too long, the close frame carries neither, and the error says so.
func (c *conn) Close(code int, reason string) error {
	if !c.end(transport.ErrClosed) {
		return nil
	}
	switch {
	case code == 0:
		c.farewell(websocket.StatusNoStatusRcvd, "")
	case code < 1000 || code > 4999 || 1004 <= code && code <= 1006 || 1015 <= code && code < 3000:
		c.farewell(websocket.StatusNoStatusRcvd, "")
		return fmt.Errorf("transportnative: close: code %d must not be sent", code)
	case len(reason) > maxReason:
		c.farewell(websocket.StatusNoStatusRcvd, "")
		return fmt.Errorf("transportnative: close: reason of %d bytes, limit %d", len(reason), maxReason)
	default:
		c.farewell(websocket.StatusCode(code), reason)
	}
	return nil
}

// farewell sends a close frame, unless the library has sent one, and lets go of
// everything. A Read and a Write that wait return.
func (c *conn) farewell(code websocket.StatusCode, reason string) {
	c.wire.interrupt()
	c.writing.Lock()
	_ = c.ws.Close(code, reason) // fails, because it cannot read the answer
	c.writing.Unlock()
	c.wire.linger()
}

// drop closes the socket as it is.
func (c *conn) drop() {
	_ = c.wire.Conn.Close()
	_ = c.ws.CloseNow()
}

// watch drops the connection when ctx is over before stop is called.
func (c *conn) watch(ctx context.Context) (stop func() bool) {
	cancel := func() {
		if c.end(context.Cause(ctx)) {
			c.drop()
		}
	}
	if ctx.Err() != nil {
		cancel()
		return func() bool { return false }
	}
	return context.AfterFunc(ctx, cancel)
}

// failure returns the final error, if there is one.
func (c *conn) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// end makes err the final error and reports whether it is: the first one wins, and
// whoever set it lets go of the connection.
func (c *conn) end(err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return false
	}
	c.err = err
	return true
}

// readFailed ends the connection for an error of the WebSocket library.
func (c *conn) readFailed(err error) error {
	var closed websocket.CloseError
	switch {
	case errors.As(err, &closed):
		err = &transport.CloseError{Code: int(closed.Code), Reason: strings.ToValidUTF8(closed.Reason, "\uFFFD")}
	case errors.Is(err, websocket.ErrMessageTooBig):
		return c.refuse(websocket.StatusMessageTooBig, fmt.Errorf("transportnative: message of more than %d bytes: %w", c.maxMessage, transport.ErrTooLarge))
	case c.wire.lost.Load():
		err = &transport.CloseError{Code: 1006}
	default:
		return c.refuse(websocket.StatusProtocolError, fmt.Errorf("transportnative: %w", err))
	}
	if c.end(err) {
		c.drop()
	}
	return c.failure()
}

// refuse ends the connection because of what the peer sent.
func (c *conn) refuse(code websocket.StatusCode, err error) error {
	if c.end(err) {
		c.farewell(code, "")
	}
	return c.failure()
}

// writeFailed ends the connection when the peer does not read. When the socket is
// broken it leaves that to the reader, who may still find what arrived before.
func (c *conn) writeFailed(err error) error {
	err = fmt.Errorf("transportnative: write: %w", err)
	if errors.Is(err, os.ErrDeadlineExceeded) && c.end(err) {
		c.drop()
	}
	if failure := c.failure(); failure != nil {
		return failure
	}
	return err
}
