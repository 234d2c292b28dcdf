//go:build !js

package transportnative

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/isosocket/isosocket/transport"
)

// AcceptOptions are the options of [Accept]. The zero value is useful.
type AcceptOptions struct {
	// MaxMessage is the size in bytes above which a message of the peer ends the
	// connection with code 1009. If zero, there is no limit.
	MaxMessage int

	// Origins are the origins of pages that may connect, beside those whose host is
	// the request's, see [OriginAllowed].
	Origins []string

	// AnyOrigin accepts pages of any origin. A page that a user visits can then act
	// on the server with the user's cookies.
	AnyOrigin bool

	// StallTimeout is how long a peer may take for 10,000 bytes of what waits for it,
	// or for as much of a message that it has begun to send, and up to a quarter more. One
	// that is slower loses the connection. If zero, it is 10 seconds.
	StallTimeout time.Duration

	// Lingering holds the connection from its Close until the peer has hung up. It
	// may be nil: nothing can wait for that then.
	Lingering *Lingering
}

const defaultStallTimeout = 10 * time.Second

func stallTimeout(d time.Duration) time.Duration {
	if d == 0 {
		return defaultStallTimeout
	}
	return d
}

// AcceptError is returned by [Accept] for a handshake that did not become a WebSocket.
type AcceptError struct {
	Status int   // of the HTTP response; 0 if the client was gone
	Err    error // why
}

// Error tells the cause.
func (e *AcceptError) Error() string { return "transportnative: accept: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *AcceptError) Unwrap() error { return e.Err }

// Accept answers a WebSocket handshake. When it fails it has answered the request
// with an HTTP error, 403 for a foreign origin and 501 when the ResponseWriter does
// not give its connection away, and returns an [*AcceptError]. Of the subprotocols
// that the client offers it chooses the first, as the server of the ws package does.
//
// The connection is taken from the ResponseWriter before the handshake is answered, so
// a middleware that notes the status sees none.
//
// The connection does not hold on to the request or the ResponseWriter. It outlives the
// handler and the request's context, and the handler should return: what net/http
// keeps for a request is then released.
func Accept(w http.ResponseWriter, r *http.Request, options AcceptOptions) (transport.Conn, error) {
	h := &hijacker{ResponseWriter: w, timeout: stallTimeout(options.StallTimeout)}
	if !options.AnyOrigin && !OriginAllowed(r, options.Origins) {
		err := fmt.Errorf("page of %q may not connect to host %q", r.Header.Get("Origin"), r.Host)
		http.Error(h, err.Error(), http.StatusForbidden)
		return nil, &AcceptError{h.status, err}
	}
	if err := discardBody(r); err != nil {
		h.Header().Set("Connection", "close")
		http.Error(h, err.Error(), http.StatusBadRequest)
		return nil, &AcceptError{h.status, err}
	}
	ws, err := websocket.Accept(h, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // the origin is allowed
		Subprotocols:       subprotocol(r.Header),
	})
	if h.err != nil {
		err = h.err
	}
	if err != nil {
		return nil, &AcceptError{h.status, err}
	}
	_ = ws.CloseNow()
	return &conn{
		stream:       h.stream,
		resumable:    prepare(h.stream),
		source:       h.source,
		maxMessage:   options.MaxMessage,
		stallTimeout: h.timeout,
		lingering:    options.Lingering,
	}, nil
}

// maxBody bounds the body of a handshake, in bytes. There is no use for one.
const maxBody = 4 << 10

var (
	errBody         = errors.New("WebSocket handshake with a large body, or with part of one")
	errNoConnection = errors.New("Hijack returned no connection")
)

// discardBody reads the body of a handshake, so that none of it is taken for frames.
func discardBody(r *http.Request) error {
	if r.ContentLength == 0 {
		return nil
	}
	if _, err := io.CopyN(io.Discard, r.Body, maxBody+1); err != io.EOF {
		return errBody
	}
	return nil
}

// subprotocol returns the first subprotocol that is offered, if one is.
// https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2
func subprotocol(header http.Header) []string {
	for _, line := range header.Values("Sec-WebSocket-Protocol") {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.Trim(name, " \t"); name != "" && strings.Trim(name, tokenCharacters) == "" {
				return []string{name}
			}
		}
	}
	return nil
}

// tokenCharacters are those that a name in a header may have.
// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
const tokenCharacters = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// hijacker is the ResponseWriter of a WebSocket handshake. It takes the connection
// that the library believes to get when it has answered, before that: a
// ResponseWriter that does not give it away can still be answered with an error.
type hijacker struct {
	http.ResponseWriter
	timeout time.Duration // of writing the answer
	status  int           // of the answer; 0 before, or when the client was gone
	err     error         // why the connection could not be taken or written to
	stream  net.Conn
	source  source
}

// WriteHeader implements http.ResponseWriter. A 101 goes to the connection itself.
func (h *hijacker) WriteHeader(status int) {
	switch {
	case h.err != nil: // answered already
	case status != http.StatusSwitchingProtocols:
		h.status = status
		h.ResponseWriter.WriteHeader(status)
	default:
		h.err = h.switchProtocols()
	}
}

// Write implements http.ResponseWriter.
func (h *hijacker) Write(p []byte) (int, error) {
	if h.err != nil {
		return len(p), nil
	}
	return h.ResponseWriter.Write(p)
}

// switchProtocols takes the connection and answers on it.
func (h *hijacker) switchProtocols() error {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err == nil && conn == nil {
		err = errNoConnection
	}
	if err != nil {
		for _, name := range []string{"Upgrade", "Connection", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol"} {
			h.Header().Del(name)
		}
		h.status = http.StatusNotImplemented
		http.Error(h.ResponseWriter, http.StatusText(h.status), h.status)
		return fmt.Errorf("take the connection from %T: %w", h.ResponseWriter, err)
	}
	var early []byte
	if rw != nil {
		early, _ = rw.Reader.Peek(rw.Reader.Buffered())
	}
	h.stream, h.source = conn, newSource(conn, bytes.Clone(early))

	var answer bytes.Buffer
	answer.WriteString("HTTP/1.1 101 Switching Protocols\r\n")
	_ = h.Header().WriteSubset(&answer, framing) // a Buffer does not fail
	answer.WriteString("\r\n")
	_ = conn.SetWriteDeadline(time.Now().Add(h.timeout))
	if _, err := conn.Write(answer.Bytes()); err != nil {
		_ = conn.Close()
		return err
	}
	h.status = http.StatusSwitchingProtocols
	return nil
}

// framing are the headers that describe a body, which a middleware may have set.
var framing = map[string]bool{"Content-Length": true, "Transfer-Encoding": true}

// Hijack implements http.Hijacker for the library, behind its WriteHeader.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if h.err != nil {
		return nil, nil, h.err
	}
	return nothing{}, bufio.NewReadWriter(bufio.NewReaderSize(nothing{}, 0), bufio.NewWriterSize(nothing{}, 1)), nil
}

// readBuffer is for a connection that is no bare socket.
const readBuffer = 1 << 10

// newSource returns the source of a connection that some was read of already.
func newSource(conn net.Conn, early []byte) source {
	if len(early) == 0 {
		if b := newBurst(conn); b != nil {
			return b
		}
	}
	return bufio.NewReaderSize(io.MultiReader(bytes.NewReader(early), conn), readBuffer)
}
