// Package hostile is the table of hostile and odd input: what a client may send that no
// client should, over raw sockets, and what our server answers; and what a server may
// send that no server should, and what our client makes of it.
//
// Each row is a subtest, named by its place in the table and its input, as
// TestPolling/E15_two_gets. It is played on every line that it makes sense on: HTTP/1.1,
// HTTP/2 and h2c for polling, WebSocket with and without TLS. The bytes are the test's
// own, so nothing between it and the server puts them right. After each row the server
// must serve a client that behaves, and have no session left; in the end no goroutine
// may be left.
//
// The table is printed in the end, a line a row: its id, the input, what was answered,
// on which lines, and the verdict:
//
//	go test -v ./browsertest/hostile
//
// Rows that wait for time to pass run on fake time and the network of package
// transporttest. Rows about memory measure the bytes that are held when everything was
// received: what an input keeps alive is never more than a small multiple of its size.
package hostile
