//go:build unix

package transportnative

import (
	"io"
	"net"
	"sync"
	"syscall"
)

// burstSize is how many bytes one system call can bring.
const burstSize = 16 << 10

var bursts = sync.Pool{New: func() any { return new([burstSize]byte) }}

// burst is a source that takes all that has arrived on a socket, up to burstSize,
// with one system call. It has a buffer only while it holds some of that, which the
// reader of an idle connection does not. A message of 1 KB among many costs a server
// a fifth less than when it is read by itself.
type burst struct {
	raw     syscall.RawConn
	receive func(fd uintptr) bool // tryReceive, made once

	buffer *[burstSize]byte // of the bursts; nil while nothing is held
	held   []byte           // of buffer

	into []byte // argument of tryReceive, results of it:
	n    int
	err  error
}

// newBurst returns a burst of the connection, or nil if that is not a bare socket. A
// type that wraps one may do anything with its bytes.
func newBurst(conn net.Conn) source {
	var raw syscall.RawConn
	var err error
	switch conn := conn.(type) {
	case *net.TCPConn:
		raw, err = conn.SyscallConn()
	case *net.UnixConn:
		raw, err = conn.SyscallConn()
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	b := &burst{raw: raw}
	b.receive = b.tryReceive
	return b
}

// Buffered implements source.
func (b *burst) Buffered() int { return len(b.held) }

// Read implements io.Reader. A deadline and the end of the connection are as with net.Conn.
func (b *burst) Read(p []byte) (int, error) {
	if len(b.held) == 0 {
		b.into, b.n, b.err = p, 0, nil
		err := b.raw.Read(b.receive)
		b.into = nil
		switch {
		case err != nil:
			return 0, err
		case b.err != nil:
			return 0, b.err
		case b.held == nil:
			return b.n, nil
		}
	}
	n := copy(p, b.held)
	if b.held = b.held[n:]; len(b.held) == 0 {
		bursts.Put(b.buffer)
		b.buffer, b.held = nil, nil
	}
	return n, nil
}

// tryReceive receives what is there. It returns false if nothing is, and is called
// again when something has come.
func (b *burst) tryReceive(fd uintptr) (done bool) {
	if len(b.into) >= burstSize {
		b.n, b.err = receive(fd, b.into)
		return b.err != syscall.EAGAIN
	}
	buffer := bursts.Get().(*[burstSize]byte)
	var n int
	if n, b.err = receive(fd, buffer[:]); n > 0 {
		b.buffer, b.held = buffer, buffer[:n]
	} else {
		bursts.Put(buffer)
	}
	return b.err != syscall.EAGAIN
}

func receive(fd uintptr, p []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), p)
		switch {
		case err == syscall.EINTR:
		case n == 0 && err == nil:
			return 0, io.EOF
		default:
			return max(n, 0), err
		}
	}
}
