//go:build linux || darwin

package transportnative

import (
	"net"
	"syscall"
)

// limitUnsent makes the system take more only when less than half of maxUnsent waits.
// An error changes nothing but how soon a slow peer is told from a stalled one.
func limitUnsent(conn *net.TCPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpNotSentLowat, maxUnsent)
	})
}
