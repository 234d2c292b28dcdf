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

// Accept answers a WebSocket handshake. When it fails it has answered the request
// with an HTTP error (403 for a foreign origin) and returns the cause.
//
// The connection does not hold on to the request or the ResponseWriter. It outlives the
// handler and the request's context, and the handler should return: what net/http
// keeps for a request is then released.
func Accept(w http.ResponseWriter, r *http.Request, options AcceptOptions) (transport.Conn, error) {
	h := &hijacker{ResponseWriter: w}
	ws, err := websocket.Accept(h, r, &websocket.AcceptOptions{
		InsecureSkipVerify: options.AnyOrigin,
		OriginPatterns:     options.Origins,
	})
	if err != nil {
		return nil, fmt.Errorf("transportnative: accept: %w", err)
	}
	_ = ws.CloseNow()
	return &conn{
		stream:       h.stream,
		resumable:    prepare(h.stream),
		source:       h.source,
		maxMessage:   options.MaxMessage,
		stallTimeout: stallTimeout(options.StallTimeout),
		lingering:    options.Lingering,
	}, nil
}

// hijacker takes the connection that the WebSocket library believes to get when it
// has done the handshake.
type hijacker struct {
	http.ResponseWriter
	stream net.Conn
	source source
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
	early, _ := rw.Reader.Peek(rw.Reader.Buffered())
	h.stream, h.source = conn, newSource(conn, bytes.Clone(early))
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
