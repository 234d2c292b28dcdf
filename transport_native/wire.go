//go:build !js

package transportnative

import (
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// closeFrameTimeout bounds how long a Close waits for room in the socket's
// buffer. Nearly always there is some.
const closeFrameTimeout = 100 * time.Millisecond

// batchSize is how many bytes of frames are collected before they are written.
const batchSize = 16 << 10

var batches = sync.Pool{New: func() any { return new([batchSize]byte) }}

// wire is the byte stream under a WebSocket. The WebSocket library flushes every
// frame; between collect and flush the wire keeps the frames and writes them at once.
// A server does without, see writeFrames.
type wire struct {
	net.Conn
	reader       io.Reader // Conn, behind what was read of it before
	writeTimeout time.Duration
	server       bool       // the library writes control frames only, each with one Write
	lingering    *Lingering // where to be after Close; nil: nobody waits for that

	closing atomic.Bool // reading has ended; the socket is linger's to close
	lost    atomic.Bool // the socket failed, or the peer ended it

	mu         sync.Mutex // held while writing
	batch      *[batchSize]byte
	collected  int       // bytes of batch
	closeSent  bool      // by the library; known for a server
	deadline   time.Time // of writing, as send has set it
	writeError error
}

// Read implements io.Reader for the WebSocket library. The stream has no end that
// is expected: behind a close frame the library reads no more, and elsewhere it
// would take an io.EOF between two reads of a payload for the end of the message.
func (w *wire) Read(p []byte) (int, error) {
	if w.closing.Load() {
		return 0, net.ErrClosed
	}
	n, err := w.reader.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && !w.closing.Load() {
		w.lost.Store(true)
	}
	return n, err
}

// Write implements io.Writer for the WebSocket library.
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var err error
	switch {
	case w.batch == nil:
		w.closeSent = w.closeSent || w.server && p[0]&opMask == opClose
		err = w.send(p)
	case w.collected+len(p) <= batchSize:
		w.collected += copy(w.batch[w.collected:], p)
	default:
		// A payload may be longer than all that is ever collected. It is not copied.
		err = w.send(w.take(), p)
	}
	return len(p), err
}

// collect keeps what is written from now on until flush.
func (w *wire) collect() {
	w.mu.Lock()
	w.batch = batches.Get().(*[batchSize]byte)
	w.mu.Unlock()
}

// flush writes what was collected.
func (w *wire) flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.writeError
	if w.collected > 0 {
		err = w.send(w.take())
	}
	batches.Put(w.batch)
	w.batch = nil
	return err
}

// take returns what was collected, valid until more is.
func (w *wire) take() []byte {
	p := w.batch[:w.collected]
	w.collected = 0
	return p
}

// send writes the pieces to the socket, at once where the system can. The caller holds mu.
func (w *wire) send(pieces ...[]byte) error {
	if w.writeError != nil {
		return w.writeError
	}
	w.writeError = w.allowTime()
	switch {
	case w.writeError != nil:
	case len(pieces) == 1:
		_, w.writeError = w.Conn.Write(pieces[0])
	default:
		buffers := net.Buffers(slices.Clone(pieces)) // which WriteTo consumes
		_, w.writeError = buffers.WriteTo(w.Conn)
	}
	if w.writeError != nil {
		w.lost.Store(true)
	}
	return w.writeError
}

// allowTime gives a write at least writeTimeout, and at most a quarter more: moving
// the deadline for each write would take a twentieth of what a broadcast does. The caller holds mu.
func (w *wire) allowTime() error {
	now := time.Now()
	if w.closing.Load() || w.deadline.Sub(now) >= w.writeTimeout {
		return nil
	}
	w.deadline = now.Add(w.writeTimeout + w.writeTimeout/4)
	err := w.Conn.SetWriteDeadline(w.deadline)
	if w.closing.Load() { // interrupt came between: its deadline is the one that counts
		w.limitWrites()
	}
	return err
}

// interrupt makes reading fail from now on, also a Read that waits, and gives
// writing closeFrameTimeout. From then on Close leaves the socket to linger.
func (w *wire) interrupt() {
	w.closing.Store(true)
	_ = w.Conn.SetReadDeadline(time.Unix(1, 0))
	w.limitWrites()
}

func (w *wire) limitWrites() {
	_ = w.Conn.SetWriteDeadline(time.Now().Add(closeFrameTimeout))
}

// Close implements io.Closer for the WebSocket library.
func (w *wire) Close() error {
	if w.closing.Load() {
		return nil
	}
	return w.Conn.Close()
}
