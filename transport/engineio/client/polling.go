package engineclient

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/engineio/internal/session"
)

// polling is the session's transport until it moves to a WebSocket, if it does. The
// outbox is drained into POST requests, GET requests are made by the reader; the two
// do not depend on each other.
// https://socket.io/docs/v4/engine-io-protocol/#http-long-polling
type polling struct {
	session   *Session
	handshake engineio.Handshake
	opening   []byte       // the payload that the handshake came in, with what is behind it
	upgrade   upgrade      // guarded by the session's lock
	moved     atomic.Int64 // bytes of requests and answers

	packets int       // of the payload that is read; the reader's
	turn    time.Time // when the reader began with it, or paused last
}

func (p *polling) Name() engineio.Transport { return engineio.Polling }
func (p *polling) Ready() bool              { return p.upgrade.state < pausing }
func (p *polling) Queued()                  {}
func (p *polling) Due() time.Time           { return time.Time{} }
func (p *polling) Advance(time.Time) func() { return nil }
func (p *polling) Moved() int64             { return p.moved.Load() }

// End implements session.Transport. What is under way ends with the session's context.
func (p *polling) End(engineio.Type) func() {
	conn := p.upgrade.conn
	if conn == nil {
		return nil
	}
	return func() { conn.Close(0, "") }
}

// poll hands over what GET requests bring, one after the other, until the session
// has ended or has moved to a WebSocket, which it returns then.
func (p *polling) poll() transport.Conn {
	s := p.session
	handshake := true
	p.turn = time.Now()
	for packet, err := range s.options.Revision.DecodePayload(p.opening, 0) {
		if !handshake && !p.polled(packet, err) {
			return nil
		}
		handshake = false
	}
	p.opening = nil
	for p.goesOn() {
		response, err := p.exchange(s.options.get(s.core.ID))
		if err != nil {
			s.Abort(engineio.TransportError, session.Wrap("poll", err))
			return nil
		}
		p.packets, p.turn = 0, time.Now()
		for packet, err := range s.options.Revision.DecodePayload(response.Body, 0) {
			if !p.polled(packet, err) {
				return nil
			}
		}
		if conn := p.switchTransport(); conn != nil {
			return conn
		}
	}
	return nil
}

// polled acts on a packet of a payload and reports whether the session goes on.
func (p *polling) polled(packet engineio.Packet, err error) bool {
	if err != nil {
		p.session.Abort(engineio.TransportError, session.Wrap("poll", err))
		return false
	}
	p.session.core.Receive(packet)
	if p.packets++; p.packets%packetsATurn == 0 && !p.goOn() {
		return false
	}
	return packet.Type != engineio.TypeClose
}

// The reader of a payload, which may hold millions of packets, looks up after so many:
// whether the session still reads, and in a page whether others need the thread.
const (
	packetsATurn = 64
	maxTurn      = 10 * time.Millisecond
)

func (p *polling) goOn() bool {
	if runtime.GOOS == "js" {
		if now := time.Now(); now.Sub(p.turn) > maxTurn {
			time.Sleep(time.Nanosecond) // lets JavaScript run, which Gosched does not
			p.turn = time.Now()
		}
	}
	return p.goesOn()
}

// goesOn reports whether there is to be another GET. A session that is closing
// makes none, the answer to its close packet would be an error, unless it has to
// finish an upgrade before it can write.
func (p *polling) goesOn() bool {
	p.session.core.Lock()
	defer p.session.core.Unlock()
	state := p.session.core.State()
	return state == session.Open || state == session.Closing && p.upgrade.state == pausing
}

// Post implements session.Poster. It makes as many POST requests as the server's
// limit makes necessary, one after the other.
func (p *polling) Post(packets []transport.Message, last bool) error {
	s := p.session
	if last {
		packets = append(packets, engineio.Encode(engineio.Packet{Type: engineio.TypeClose}))
	}
	for len(packets) > 0 {
		n := p.fitting(packets)
		_, err := p.exchange(s.options.post(s.core.ID, packets[:n]))
		packets = packets[n:]
		if err != nil {
			unsent := len(packets)
			if last && unsent > 0 {
				unsent-- // the close packet is of no group
			}
			return &transport.UnsentError{Messages: unsent, Err: err}
		}
	}
	return nil
}

// exchange makes a request of the session.
func (p *polling) exchange(r *transport.Request) (*transport.Response, error) {
	r.Progress = func(n int) { p.moved.Add(int64(n)) }
	return p.session.options.exchange(p.session.ctx, r)
}

// fitting returns how many of the packets make a payload that the server accepts.
// It is at least one: what to say to a packet that alone is too large is the
// server's business.
func (p *polling) fitting(packets []transport.Message) int {
	limit := p.handshake.MaxPayload
	if limit == 0 {
		return len(packets)
	}
	payloadSize := p.session.options.Revision.PayloadSize
	size := payloadSize(packets[0])
	n := 1
	for n < len(packets) {
		size += 1 + payloadSize(packets[n]) // with the separator
		if size > limit {
			break
		}
		n++
	}
	return n
}
