//go:build !js

// Package transportnative runs Socket.IO on net/http. The handshakes of WebSockets
// are those of [github.com/coder/websocket].
//
// A client takes its runtime from [Platform], which is also what it uses when no
// other is chosen:
//
//	platform := transportnative.Platform(&transportnative.Config{
//		HTTPClient: &http.Client{Transport: transport, Jar: jar},
//		Header:     http.Header{"Authorization": {"Bearer " + token}},
//	})
//
// A server turns a request into a connection with [Accept].
//
// # Writing
//
// Conn.Write collects the frames of its messages and hands them to the operating
// system at once, or in pieces of about 16 KiB when there is more. Each such write has a
// deadline. A peer that does not read for that long loses the connection.
//
// # Waiting
//
// An accepted connection that waits costs the goroutine that reads and about 1 KB
// beside its stack and the socket in the kernel: it has a buffer only while something
// is in it. TLS, and any other net.Conn that is not a bare socket, has 1 KB more. Nothing is registered for a Read or Write whose
// context cannot be cancelled ([context.Background]); Close ends such a Read as well, so
// the owner of many connections should prefer it to a context for each of them.
//
// # Closing
//
// Close sends a close frame and returns, but a socket that is closed while
// something unread has arrived resets the connection, and the peer may then lose
// what was on the way to it. So after its close frame a connection ends only its sending half,
// and a goroutine discards what still arrives until the peer has closed as well,
// for at most five seconds and four megabytes. Nothing waits for that goroutine.
//
// # Limitations
//
// Messages are not compressed. WebSockets are opened over HTTP/1.1 only.
package transportnative
