//go:build !js

// Package transportnative runs Socket.IO on net/http. The handshakes of WebSockets
// are those of [github.com/coder/websocket], the frames are its own.
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
// An accepted connection that waits costs the goroutine that reads and about 1.3 KB
// beside its stack and the socket in the kernel: it has a buffer only while something
// is in it. TLS, and any other net.Conn that is not a bare socket, has 1 KB more.
//
// A connection registers with a context that can be canceled, once for all calls that
// come with the same one, and stays registered until another one comes or the connection
// ends. Nothing is registered with [context.Background]. Close ends a Read that waits as
// well, so the owner of many connections should prefer it to a context for each of them.
//
// # Closing
//
// Close sends a close frame and returns, but a socket that is closed while
// something unread has arrived resets the connection, and the peer may then lose
// what was on the way to it. So after its close frame a connection ends only its sending
// half, and a goroutine discards what still arrives until the peer has closed as well,
// for at most five seconds and 4 MiB. A [Lingering] can wait for that goroutine, and
// nothing else does. A connection that the peer has closed answers and is closed at once.
//
// # Polling
//
// Every request is sent once. An http.Transport by itself sends a GET again when the
// connection breaks before the answer, and what the server had answered is lost. A
// request that was not sent, or that an HTTP/2 server says it has not looked at, goes to
// another connection.
//
// # Redirects
//
// A redirect is followed within its origin: same scheme, host and port. One to another
// origin is an error that names the address, because headers, the payload of CONNECT and
// the query would go there; so is one that makes a GET of a POST. A policy of
// Config.HTTPClient may be stricter.
//
// # Limitations
//
// Messages are not compressed. WebSockets are opened over HTTP/1.1 only.
package transportnative
