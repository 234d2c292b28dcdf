package main

import (
	"errors"
	"syscall"
	"time"
)

// sleepUntil sleeps in the kernel: a timer of Go may be a millisecond late, which
// is ten times what is measured.
func sleepUntil(t time.Time) {
	for wait := time.Until(t); wait > 0; wait = time.Until(t) {
		spec := syscall.NsecToTimespec(int64(wait))
		syscall.Nanosleep(&spec, nil) // a signal may end it before the time
	}
}

// smallBuffers is a net.Dialer's Control. It lets the two ends of a connection hold
// some 100 KB for one that does not read. The server's buffer follows the size of
// a segment, which on the loopback would make it some megabytes.
func smallBuffers(_, _ string, raw syscall.RawConn) error {
	var set error
	err := raw.Control(func(fd uintptr) {
		set = errors.Join(
			syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096),
			syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, 536),
		)
	})
	return errors.Join(err, set)
}
