//go:build !js

package transportnative

import "net"

// maxUnsent is how many bytes the system keeps that it has not sent yet. It takes no more
// while a peer is slow, so that what waits is counted where it is bounded, and a slow
// peer is seen to take something every second.
const maxUnsent = 32 << 10

// prepare bounds what the system keeps of a connection, where it can. It reports whether
// a deadline within a Write harms nothing: what is below TLS, or below any other
// stream, has to come whole.
func prepare(stream net.Conn) (resumable bool) {
	switch c := stream.(type) {
	case *net.TCPConn:
		limitUnsent(c)
		return true
	case *net.UnixConn:
		return true
	case interface{ NetConn() net.Conn }: // of crypto/tls
		if tcp, ok := c.NetConn().(*net.TCPConn); ok {
			limitUnsent(tcp)
		}
	}
	return false
}
