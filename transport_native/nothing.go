//go:build !js

package transportnative

import (
	"io"
	"net"
	"time"
)

// nothing stands in for the connection that the WebSocket library must not have, once it
// has done the handshake: nothing can be read from it, and what is written vanishes.
type nothing struct{}

// Read implements net.Conn.
func (nothing) Read([]byte) (int, error) { return 0, io.EOF }

// Write implements net.Conn.
func (nothing) Write(p []byte) (int, error) { return len(p), nil }

// Close implements net.Conn.
func (nothing) Close() error { return nil }

// LocalAddr implements net.Conn.
func (nothing) LocalAddr() net.Addr { return nowhere{} }

// RemoteAddr implements net.Conn.
func (nothing) RemoteAddr() net.Addr { return nowhere{} }

// SetDeadline implements net.Conn.
func (nothing) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (nothing) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn.
func (nothing) SetWriteDeadline(time.Time) error { return nil }

// nowhere is the address of nothing.
type nowhere struct{}

func (nowhere) Network() string { return "none" }
func (nowhere) String() string  { return "none" }
