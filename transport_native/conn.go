//go:build !js

package transportnative

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/isosocket/isosocket/transport"
)

// conn is a transport.Conn: the frames of a WebSocket on a stream of bytes.
//
// The WebSocket library has done the handshake. The frames are ours, because the
// library takes three locks to write each of them and three to read it, keeps 2.5 KB
// for an idle connection, takes a stream that ends within a payload for the end of
// the message, and waits for the peer when it closes. An echoed message of 50 bytes
// among many costs a server a fifth less this way.
type conn struct {
	stream       net.Conn
	client       bool          // this end is the client, which masks its frames
	resumable    bool          // a deadline within a Write to the stream harms nothing
	closing      atomic.Bool   // reading has ended, and writing has closeFrameTimeout
	maxMessage   int           // bytes; 0 means no limit
	stallTimeout time.Duration // for stallBytes
	lingering    *Lingering    // where to be after Close; nil: nothing waits for that

	moved    atomic.Int64             // see Moved
	settling atomic.Pointer[settling] // a Settle that waits for its pong; nil without
	pinged   atomic.Pointer[[]byte]   // payload of the last ping that was not answered; nil without

	mu  sync.Mutex
	err error // final error; guarded by mu

	reads, writes watcher // of the contexts that Read and Write are given

	writing    sync.Mutex // held while writing; guards what follows
	batch      *[batchSize]byte
	collected  int       // bytes of batch
	sent       int       // bytes of the Write that the stream has taken
	deadline   time.Time // of writing, as allowTime has set it
	taken      int       // bytes since then
	writeError error     // the first

	reading sync.Mutex // held while reading; guards what follows
	source  source     // the stream, behind what was read of it before
	came    int        // bytes of a message since its deadline was set
	header  [maxHeader]byte
}

// Read implements transport.Conn.
func (c *conn) Read(ctx context.Context) (transport.Message, error) {
	if ctx.Done() == nil {
		return c.read()
	}
	stop := c.reads.begin(ctx, c)
	defer c.reads.end(stop)
	return c.read()
}

func (c *conn) read() (transport.Message, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	if err := c.failure(); err != nil {
		return transport.Message{}, err
	}
	m, err := c.receive()
	if err != nil {
		return transport.Message{}, c.readFailed(err)
	}
	return m, nil
}

// Write implements transport.Conn.
func (c *conn) Write(ctx context.Context, messages ...transport.Message) error {
	if ctx.Done() == nil {
		return c.write(messages)
	}
	return c.writeWatched(ctx, messages)
}

// writeWatched is apart from Write, whose stack is to be small, see writeFrames.
func (c *conn) writeWatched(ctx context.Context, messages []transport.Message) error {
	stop := c.writes.begin(ctx, c)
	defer c.writes.end(stop)
	return c.write(messages)
}

func (c *conn) write(messages []transport.Message) error {
	c.writing.Lock()
	c.sent = 0
	err := c.failure()
	if err == nil {
		if err = c.writeFrames(messages); err != nil {
			err = c.writeFailed(err)
		}
	}
	if err != nil {
		err = &transport.UnsentError{Messages: c.unsent(messages), Err: err}
	}
	c.writing.Unlock()
	if c.pinged.Load() != nil {
		_ = c.answerPing() // the reader, or the next Write, finds what went wrong
	}
	return err
}

// Moved implements transport.Mover.
func (c *conn) Moved() int64 { return c.moved.Load() }

const maxReason = maxControlPayload - 2 // bytes beside the code

// Close implements transport.Conn. With a code that must not be sent or a reason
// that is too long, the close frame carries neither, and the error says so.
func (c *conn) Close(code int, reason string) error {
	if !c.end(transport.ErrClosed) {
		return nil
	}
	switch {
	case code == 0:
		c.farewell(0, "")
	case !sendable(code):
		c.farewell(0, "")
		return fmt.Errorf("transportnative: close: code %d must not be sent", code)
	case len(reason) > maxReason:
		c.farewell(0, "")
		return fmt.Errorf("transportnative: close: reason of %d bytes, limit %d", len(reason), maxReason)
	default:
		c.farewell(code, reason)
	}
	return nil
}

// farewell sends a close frame and lets go of everything. A Read and a Write that
// wait return. When a Write waits for a peer that does not read, the close frame is
// left to linger: whoever closes many such connections must not wait for each.
func (c *conn) farewell(code int, reason string) {
	c.interrupt()
	if c.writing.TryLock() {
		c.sendClose(code, reason)
		c.writing.Unlock()
		c.linger(nil)
		return
	}
	c.linger(func() {
		c.writing.Lock()
		c.sendClose(code, reason)
		c.writing.Unlock()
	})
}

// sendClose sends a close frame, the last there is: a Write that comes behind it
// finds the final error. The caller holds writing.
func (c *conn) sendClose(code int, reason string) {
	var payload []byte
	if code != 0 {
		payload = append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
	}
	_ = c.sendControl(opClose, payload) // a stream that is broken needs no farewell
}

// interrupt makes reading fail from now on, also a Read that waits, and gives
// writing closeFrameTimeout.
func (c *conn) interrupt() {
	c.closing.Store(true)
	_ = c.stream.SetReadDeadline(time.Unix(1, 0))
	c.limitWrites()
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
	first := c.err == nil
	if first {
		c.err = err
	}
	c.mu.Unlock()
	if first {
		c.reads.release()
		c.writes.release()
		if s := c.settling.Swap(nil); s != nil {
			close(s.done)
		}
	}
	return first
}

// readFailed ends the connection for an error of receive.
func (c *conn) readFailed(err error) error {
	var closed *transport.CloseError
	var wrong *violation
	switch {
	case errors.As(err, &closed):
		if c.end(err) {
			c.interrupt()
			code := closed.Code
			if !sendable(code) {
				code = 0
			}
			c.writing.Lock()
			c.sendClose(code, "")
			c.writing.Unlock()
			_ = c.stream.Close()
		}
	case errors.Is(err, transport.ErrTooLarge):
		c.refuse(websocket.StatusMessageTooBig, err)
	case errors.Is(err, transport.ErrStalled):
		if c.end(fmt.Errorf("transportnative: read: %w", err)) {
			_ = c.stream.Close()
		}
	case errors.As(err, &wrong):
		code := websocket.StatusProtocolError
		if wrong.err == errUTF8 {
			code = websocket.StatusInvalidFramePayloadData
		}
		c.refuse(code, fmt.Errorf("transportnative: %w", err))
	default:
		// The stream failed, or ended, which is expected nowhere.
		if c.end(&transport.CloseError{Code: int(websocket.StatusAbnormalClosure)}) {
			_ = c.stream.Close()
		}
	}
	return c.failure()
}

// refuse ends the connection because of what the peer sent.
func (c *conn) refuse(code websocket.StatusCode, err error) {
	if c.end(err) {
		c.farewell(int(code), "")
	}
}

// writeFailed ends the connection when the peer does not read. When the stream is
// broken it leaves that to the reader, who may still find what arrived before.
func (c *conn) writeFailed(err error) error {
	err = fmt.Errorf("transportnative: write: %w", err)
	if errors.Is(err, transport.ErrStalled) && c.end(err) {
		_ = c.stream.Close()
	}
	if failure := c.failure(); failure != nil {
		return failure
	}
	return err
}
