// Package transporttest holds in-memory implementations of the transport contract
// for tests, a network to run real ones on, and the conformance suite that every
// implementation has to pass.
//
// # Sessions on fake time
//
// A [Pipe] starts no goroutine and reads no clock, so a session that runs on it can be
// tested in a [testing/synctest] bubble, natively and under js. [Listener] is a Dialer
// with an Accept at its other end; [DialFunc] and [RoundTripFunc] make a runtime
// of functions:
//
//	listener := transporttest.Listen(0)
//	platform := transport.Platform{Dialer: listener, RoundTripper: transporttest.RoundTripFunc(poll)}
//	…
//	conn, url, err := listener.Accept(ctx)
//
// # Both ends on fake time
//
// A [Network] is one step lower: it carries bytes between a real HTTP server and its
// clients, late, and breaks connections when it is told to. So whole programs run in a
// bubble, and what they do about a fault is tested thousands of times a minute.
//
// # The suite
//
// An implementation that can make both ends of a connection is tested by
// [TestConn]. One that can only dial, as a browser's, is tested by [TestDialer] and
// [TestRoundTripper] against a Server, which is an http.Handler:
//
//	server := transporttest.NewServer(func(w http.ResponseWriter, r *http.Request) (transport.Conn, error) {
//		return transportnative.Accept(w, r, transportnative.AcceptOptions{AnyOrigin: true})
//	})
//
// The Server exists natively only; the tests may run elsewhere and need its URL.
package transporttest
