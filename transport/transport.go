package transport

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Message is what a [Conn] carries: one WebSocket message, text or binary.
type Message struct {
	Data   []byte // UTF-8 unless Binary
	Binary bool   // a binary message, not a text message

	// Lead, unless it is 0, is the first byte of the message, with Data behind it. A
	// protocol puts its packet type there and need not copy Data for it. In a text
	// message it is ASCII. A message that was read has none.
	Lead byte
}

// Len returns the length of the message in bytes, Lead included.
func (m *Message) Len() int {
	if m.Lead != 0 {
		return 1 + len(m.Data)
	}
	return len(m.Data)
}

// What a message and a group of them take besides their data: the slice's header and
// its place in a queue.
const (
	messageOverhead = 48
	groupOverhead   = 32
)

// Held returns how many bytes a group of messages holds while it waits to be sent.
func Held(group []Message) int {
	size := groupOverhead
	for i := range group {
		size += messageOverhead + len(group[i].Data)
	}
	return size
}

// Conn is an ordered, reliable pipe of messages, in practice a WebSocket.
//
// One goroutine may call Read while others call Write and Close.
type Conn interface {
	// Read returns the next message and waits for it if it must. The caller owns
	// the Data of the message. Messages that arrived before the peer closed are
	// returned before the error that tells of the close.
	//
	// The error is a [*CloseError] when the peer closed (code 1006 when it
	// vanished without a close frame), one that matches [ErrTooLarge] when a
	// message was over the limit, [ErrClosed] after Close, or the cause of ctx. Every
	// error is final, and the connection is closed by then.
	Read(ctx context.Context) (Message, error)

	// Write sends the messages in order, with nothing of another Write between
	// them, and flushes once. It may wait for the peer to take them. It neither
	// changes nor keeps their Data once it has returned. An error is final: the
	// connection is closed by then. A [*UnsentError] tells which messages did not
	// begin to leave; without one all may have. One that matches [ErrStalled] says that
	// the peer took too little.
	Write(ctx context.Context, messages ...Message) error

	// Close sends a close frame with the code (0 for none) and the reason (at most
	// 123 bytes), and releases everything the connection holds; a Read or Write
	// that waits returns. It does not wait for the peer's answer. A second Close
	// does nothing.
	Close(code int, reason string) error
}

// Mover is a [Conn] that counts what moves, so that a peer with a long message on a slow
// line is not taken for gone.
type Mover interface {
	// Moved returns how many bytes have left and arrived so far, parts of messages
	// included. It may be called at any time.
	Moved() int64
}

// Settler is a [Conn] that knows when its peer has dealt with what was written.
type Settler interface {
	// Settle waits until the peer has received all messages of the Writes before, as
	// far as the runtime tells, until ctx is done, or until the connection has
	// ended. No Write may be called meanwhile.
	Settle(ctx context.Context)
}

// Dialer opens a [Conn].
type Dialer interface {
	// Dial connects to a ws: or wss: URL. A message of more than maxMessage bytes
	// ends the connection with code 1009 (0 means no limit).
	//
	// When the peer answered with anything but a WebSocket the error is a
	// [*HandshakeError], where the runtime tells.
	Dial(ctx context.Context, url string, maxMessage int) (Conn, error)
}

// RoundTripper does exactly one HTTP exchange.
type RoundTripper interface {
	// RoundTrip sends the request once and returns the whole response, whatever its
	// status. An error means that there was no complete response. It does not tell
	// whether the server has acted on the request, so a RoundTripper never repeats one
	// that the server may have seen: a polling GET takes events out of the session.
	// A redirect to another origin is an error that tells of it: no part of the request
	// goes there, because each may hold credentials.
	// A browser repeats requests by itself, which its implementation cannot prevent.
	RoundTrip(ctx context.Context, r *Request) (*Response, error)
}

// Request is an HTTP request for a [RoundTripper]. It does not keep Body after RoundTrip returned.
type Request struct {
	Method      string // GET or POST
	URL         string // absolute
	ContentType string // of Body; empty without one
	Body        []byte // nil for none
	MaxResponse int    // bytes of the response body above which the exchange fails with ErrTooLarge; 0 means no limit

	// Progress is called with the number of bytes that have left of Body, or arrived of
	// the response's, since the last call. It must not wait. A runtime that does not know does not call it; nil
	// is not called.
	Progress func(bytes int)
}

// Response is the answer to a [Request]. The caller owns Body.
type Response struct {
	Status      int    // HTTP status
	ContentType string // as the header has it; empty when it is missing
	Body        []byte // whole, and decompressed

	// RetryAfter is how long the server wants to be left alone, as the header of that
	// name says, in seconds or as a date. 0 when it does not, or the runtime does not tell.
	// https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
	RetryAfter time.Duration
}

// Platform is what a runtime offers to a client. A nil field is something the runtime lacks.
type Platform struct {
	Dialer       Dialer       // opens WebSockets
	RoundTripper RoundTripper // does the requests of polling

	// Base is the absolute URL that relative URLs are resolved against, in a
	// browser the address of the page. Empty where there is none.
	Base string

	// Watch calls fn for every change of the runtime's surroundings until stop is
	// called. fn must not block. Nil where nothing is known of them.
	Watch func(fn func(Signal)) (stop func())
	// Err says what is wrong with the configuration that the Platform was made of. A
	// client returns it when it is made.
	Err error
}

// Signal is a change of the surroundings that a runtime noticed.
type Signal int

const (
	// Offline says that the network is gone: an open connection is lost.
	Offline Signal = iota + 1
	// Online says that the network is back: a waiting reconnection may start now.
	Online
	// Suspended says that the page is left for the back-forward cache or for good.
	Suspended
	// Resumed says that the program ran again after a pause (a page restored from
	// the back-forward cache, a tab shown again): timers may have been late.
	Resumed
)

var (
	// ErrClosed is returned by a Conn after its Close.
	ErrClosed = errors.New("transport: connection closed")
	// ErrTooLarge is matched by the error for a message or a body over its limit.
	ErrTooLarge = errors.New("transport: message too large")
	// ErrStalled is matched by the error of a connection that was ended because too
	// little of what waited for it moved.
	ErrStalled = errors.New("transport: no progress")
)

// UnsentError is an error of [Conn.Write] that tells what did not begin to leave.
type UnsentError struct {
	Messages int   // the last so many of them
	Err      error // why
}

// Error returns that of Err.
func (e *UnsentError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *UnsentError) Unwrap() error { return e.Err }

// CloseError tells how the peer closed a [Conn].
// https://www.rfc-editor.org/rfc/rfc6455#section-7.1.5
type CloseError struct {
	Code   int    // 1005: a close frame without a code; 1006: no close frame
	Reason string // as the peer gave it, at most 123 bytes
}

// Error tells the code and the reason.
func (e *CloseError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("transport: closed by peer with code %d", e.Code)
	}
	return fmt.Sprintf("transport: closed by peer with code %d: %s", e.Code, e.Reason)
}

// HandshakeError tells what a peer answered that refused to open a [Conn].
type HandshakeError struct {
	Status int    // HTTP status
	Body   string // the beginning of the response body

	RetryAfter time.Duration // as in Response
}

// Error tells the status and the beginning of the body.
func (e *HandshakeError) Error() string {
	return fmt.Sprintf("transport: WebSocket refused with HTTP status %d: %.200q", e.Status, e.Body)
}
