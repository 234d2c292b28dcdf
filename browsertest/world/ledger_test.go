package world

import (
	"bytes"
	"context"
	"encoding/binary"
	"maps"
	"net"
	"net/http/httptrace"
	"regexp"
	"sync"

	"github.com/isosocket/isosocket/transport"
)

// ledger knows what has left the program of a client. It goes by the bytes that the
// system has taken, and asks no part of the library: an event has left when a part of its
// frame was taken, or when the request began that it is in.
type ledger struct {
	platform transport.Platform // the client's

	mu       sync.Mutex      // guards what follows
	requests map[string]bool // what has left in requests
	written  []*written      // what has left on WebSockets, and on which
	told     map[string]bool // what had left when the program was told of a disconnection
}

func newLedger() *ledger {
	return &ledger{requests: make(map[string]bool), told: make(map[string]bool)}
}

// watch returns the platform, of whose use it keeps account. Its connections are to be
// opened by dialer.
func (l *ledger) watch(p transport.Platform) transport.Platform {
	l.platform = p
	return transport.Platform{Dialer: l, RoundTripper: l}
}

// dialer returns dial with connections that keep what the system takes.
func dialer(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &taken{Conn: c}, nil
	}
}

// taken is a connection that keeps what the system has taken since keep was called.
type taken struct {
	net.Conn
	mu      sync.Mutex // guards what follows
	keeping bool
	data    []byte
}

func (c *taken) keep() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keeping = true
}

func (c *taken) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keeping {
		c.data = append(c.data, p[:n]...)
	}
	return n, err
}

// frames returns how many messages have begun behind the request for a WebSocket.
func (c *taken) frames() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, rest, _ := bytes.Cut(c.data, []byte("\r\n\r\n"))
	for len(rest) > 0 {
		if opcode := rest[0] & 0x0f; opcode < 8 {
			n++
		}
		const mask = 4
		var header [10]byte // zeros where it was not taken
		copy(header[:], rest)
		size := mask + 2
		switch length := int(header[1] & 0x7f); length {
		case 126:
			size += 2 + int(binary.BigEndian.Uint16(header[2:]))
		case 127:
			size += 8 + int(binary.BigEndian.Uint64(header[2:]))
		default:
			size += length
		}
		rest = rest[min(size, len(rest)):]
	}
	return n
}

// written is a WebSocket, and what was given to it.
type written struct {
	transport.Conn
	ledger *ledger
	stream *taken
	keys   []string // of the messages; guarded by the ledger's mu
}

// Dial implements transport.Dialer.
func (l *ledger) Dial(ctx context.Context, url string, maxMessage int) (transport.Conn, error) {
	w := &written{ledger: l}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		w.stream = i.Conn.(*taken)
		w.stream.keep()
	}})
	var err error
	if w.Conn, err = l.platform.Dialer.Dial(ctx, url, maxMessage); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.written = append(l.written, w)
	return w, nil
}

// Write implements transport.Conn.
func (w *written) Write(ctx context.Context, messages ...transport.Message) error {
	w.ledger.mu.Lock()
	for _, m := range messages {
		w.keys = append(w.keys, string(numbered.Find(m.Data)))
	}
	w.ledger.mu.Unlock()
	return w.Conn.Write(ctx, messages...)
}

// Moved implements transport.Mover.
func (w *written) Moved() int64 { return w.Conn.(transport.Mover).Moved() }

// Settle implements transport.Settler.
func (w *written) Settle(ctx context.Context) { w.Conn.(transport.Settler).Settle(ctx) }

// RoundTrip implements transport.RoundTripper.
func (l *ledger) RoundTrip(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	l.mu.Lock()
	for _, key := range numbered.FindAll(r.Body, -1) {
		l.requests[string(key)] = true
	}
	l.mu.Unlock()
	return l.platform.RoundTripper.RoundTrip(ctx, r)
}

// numbered finds the name and the number of an event, which are its key.
var numbered = regexp.MustCompile(`\["(event|ask)",\d+`)

// left returns the keys of what has left.
func (l *ledger) left() map[string]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	keys := maps.Clone(l.requests)
	for _, w := range l.written {
		n := min(len(w.keys), w.stream.frames())
		for _, key := range w.keys[:n] {
			keys[key] = true
		}
	}
	return keys
}

// disconnected says that the program was told of the end of the connection.
func (l *ledger) disconnected() {
	left := l.left()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.written = nil
	maps.Copy(l.requests, left)
	maps.Copy(l.told, left)
}

// mayBeLost reports whether an event may be lost: it had left, and the program was told.
func (l *ledger) mayBeLost(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.told[key]
}
