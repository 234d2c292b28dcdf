//go:build !js

package transportnative

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
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
	// the request's. Each is a host or a scheme://host, with the patterns of
	// [path.Match] ("https://*.example.com"), compared without case; a malformed one
	// refuses every foreign page. A request without an Origin header does not come
	// from a page and is always accepted.
	Origins []string

	// AnyOrigin accepts pages of any origin. A page that a user visits can then act
	// on the server with the user's cookies.
	AnyOrigin bool

	// WriteTimeout is how long one write to the socket may wait for the peer, and
	// up to a quarter more. If zero, it is 10 seconds.
	WriteTimeout time.Duration

	// Lingering holds the connection from its Close until the peer has hung up. It
	// may be nil: nobody can wait for that then.
	Lingering *Lingering
}

const defaultWriteTimeout = 10 * time.Second

func writeTimeout(d time.Duration) time.Duration {
	if d == 0 {
		return defaultWriteTimeout
	}
	return d
}

// Accept answers a WebSocket handshake. When it fails it has answered the request
// with an HTTP error (403 for a foreign origin) and returns the cause.
//
// The connection does not hold on to the request or the ResponseWriter. It outlives the
// handler and the request's context, and the handler should return: what net/http
// keeps for a request is then released.
func Accept(w http.ResponseWriter, r *http.Request, options AcceptOptions) (transport.Conn, error) {
	h := &hijacker{ResponseWriter: w, timeout: writeTimeout(options.WriteTimeout), lingering: options.Lingering}
	ws, err := websocket.Accept(h, r, &websocket.AcceptOptions{
		InsecureSkipVerify: options.AnyOrigin,
		OriginPatterns:     options.Origins,
	})
	if err != nil {
		return nil, fmt.Errorf("transportnative: accept: %w", err)
	}
	// Accept has put a reader in front of the wire for what was buffered, which here is nothing.
	h.buffer.Reset(h.wire)
	return newConn(ws, h.wire, options.MaxMessage), nil
}

const (
	readBuffer = 1 << 10
	// writeBuffer has room for a control frame, so that the library writes it at once.
	writeBuffer = maxControl
)

// hijacker hands a wire with small buffers to the WebSocket library in place of
// the connection and the buffers of net/http.
type hijacker struct {
	http.ResponseWriter
	timeout   time.Duration
	lingering *Lingering
	wire      *wire
	buffer    *bufio.Reader
}

// WriteHeader writes the header at once also where a framework would wait for a body.
func (h *hijacker) WriteHeader(status int) {
	h.ResponseWriter.WriteHeader(status)
	if w, ok := h.ResponseWriter.(interface{ WriteHeaderNow() }); ok {
		w.WriteHeaderNow()
	}
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.wire = &wire{Conn: conn, reader: newBurst(conn), writeTimeout: h.timeout, server: true, lingering: h.lingering}
	if n := rw.Reader.Buffered(); n > 0 {
		early, _ := rw.Reader.Peek(n)
		h.wire.reader = io.MultiReader(bytes.NewReader(bytes.Clone(early)), h.wire.reader)
	}
	h.buffer = bufio.NewReaderSize(h.wire, readBuffer)
	return h.wire, bufio.NewReadWriter(h.buffer, bufio.NewWriterSize(h.wire, writeBuffer)), nil
}
