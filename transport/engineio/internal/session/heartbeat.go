package session

import (
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

var ping = []transport.Message{engineio.Encode(engineio.Packet{Type: engineio.TypePing})}

// heartbeat notices a peer that is gone. One end pings:
//
// "The server sends a ping packet every pingInterval, the client has pingTimeout
// to send a pong packet back."
//
// The interval counts from the last pong, engine.io/lib/socket.ts schedulePing. The
// other end waits:
//
// "if the client does not receive a ping packet within pingInterval + pingTimeout",
// the connection is considered closed.
//
// https://socket.io/docs/v4/engine-io-protocol/#heartbeat
type heartbeat struct {
	sends             bool // this end pings
	interval, timeout time.Duration

	due      time.Time // of our next ping, of the pong while awaiting, or of the peer's ping
	wall     time.Time // due without the monotonic clock; only of the end that waits
	awaiting bool      // a ping was sent, its pong has not come
	extended bool      // the awaited pong was given more time
	held     int       // how many stopped reading: the pong may be there unread
}

type beat int

const (
	beatNone beat = iota
	beatPing      // send a ping
	beatLost      // the peer is gone
)

func (h *heartbeat) start(now time.Time, sends bool, interval, timeout time.Duration) {
	*h = heartbeat{sends: sends, interval: interval, timeout: timeout}
	if sends {
		h.due = now.Add(interval)
	} else {
		h.ping(now)
	}
}

// advance is called when time has passed. A peer that is busy with something long, on
// the way from it or to it, is not gone.
func (h *heartbeat) advance(now time.Time, busy bool) beat {
	switch {
	case h.expired(now):
		if !busy {
			return beatLost
		}
		h.expect(now, h.timeout)
		return beatNone
	case now.Before(h.due):
		return beatNone
	case !h.sends: // the ping may be there unread
		h.ping(now)
		return beatNone
	case h.awaiting && h.held == 0:
		if !busy {
			return beatLost
		}
		h.due = now.Add(h.timeout)
		return beatNone
	}
	wait := h.timeout
	if h.awaiting {
		wait = h.interval // the pong may be there unread, and the peer expects its next ping
	}
	h.due = now.Add(wait)
	h.awaiting, h.extended = true, false
	return beatPing
}

// left says that our ping has left: its pong has its time from now on. Or that our pong
// has: the peer's next ping follows it.
func (h *heartbeat) left(now time.Time) {
	switch {
	case h.awaiting:
		h.due = now.Add(h.timeout)
	case !h.sends:
		h.ping(now)
	}
}

// pong counts the next interval from now. A pong that no ping asked for changes
// nothing, so that a peer cannot postpone the pings.
func (h *heartbeat) pong(now time.Time) {
	if h.awaiting {
		h.awaiting = false
		h.due = now.Add(h.interval)
	}
}

// message gives the awaited pong, which may be behind much traffic, more time, once.
// engine.io/lib/socket.ts onPacket
func (h *heartbeat) message(now time.Time) {
	if h.awaiting && !h.extended {
		h.extended = true
		h.due = now.Add(h.timeout)
	}
}

// hold says that we stopped reading.
func (h *heartbeat) hold() { h.held++ }

// release says that we read again: what the peer has sent has its time from now on.
func (h *heartbeat) release(now time.Time) {
	h.held--
	switch {
	case h.awaiting:
		h.due = now.Add(h.timeout)
	case !h.sends:
		h.ping(now)
	}
}

// ping says that the peer has pinged.
func (h *heartbeat) ping(now time.Time) { h.expect(now, h.interval+h.timeout) }

// expect gives the peer time for its next ping. UTC drops the monotonic clock as
// Round(0) does, which would make a browser program larger.
func (h *heartbeat) expect(now time.Time, wait time.Duration) {
	h.due = now.Add(wait)
	h.wall = h.due.UTC()
}

// expired reports whether the peer's ping is overdue. It goes by both clocks: the
// monotonic one stands still while some systems sleep, during which a peer is lost
// all the same; the wall clock can be set back.
func (h *heartbeat) expired(now time.Time) bool {
	return !h.sends && h.held == 0 && !h.due.IsZero() && (!now.Before(h.due) || !now.UTC().Before(h.wall))
}

// pinged answers a ping of the peer.
func (s *Session) pinged(data []byte) {
	s.mu.Lock()
	wrong := s.heartbeat.sends
	if !wrong {
		now := time.Now()
		s.heartbeat.ping(now)
		s.pace.begin(now, s.transport.Moved())
	}
	s.mu.Unlock()
	if wrong {
		s.user.Conclude(engineio.TransportError, errPingDirection)
		return
	}
	s.control([]transport.Message{engineio.Encode(engineio.Packet{Type: engineio.TypePong, Data: data})}, pinging)
	if s.config.OnPing != nil {
		s.config.OnPing()
	}
}

// Hold calls wait, which may take long. Nothing is read from the peer meanwhile, so
// it is not blamed for a ping or pong that may be there.
func (s *Session) Hold(wait func()) {
	s.mu.Lock()
	s.heartbeat.hold()
	s.mu.Unlock()
	defer func() { // also when wait panics
		s.mu.Lock()
		defer s.mu.Unlock()
		now := time.Now()
		s.heartbeat.release(now)
		if s.state != Closed {
			s.Schedule(now)
		}
	}()
	wait()
}

// beatLeft starts the time for what the peer has to answer.
func (s *Session) beatLeft() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heartbeat.left(time.Now())
}

// overdue reports whether the peer's ping is. The caller holds the lock.
func (s *Session) overdue(now time.Time) bool {
	return s.heartbeat.expired(now) && !s.pace.enough(now, s.transport.Moved())
}

// Check ends the session if the peer's ping is overdue. Timers may be late in a
// program that was frozen or throttled, the clock is not.
func (s *Session) Check() {
	s.mu.Lock()
	overdue := s.state == Open && s.overdue(time.Now())
	s.mu.Unlock()
	if overdue {
		s.Abort(engineio.PingTimeout, nil)
	}
}
