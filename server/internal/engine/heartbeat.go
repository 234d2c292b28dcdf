package engine

import "time"

// heartbeat decides when to ping and when the peer counts as gone.
//
// "The server sends a ping packet every pingInterval, the client has pingTimeout
// to send a pong packet back."
// https://socket.io/docs/v4/engine-io-protocol/#heartbeat
//
// The interval counts from the last pong, engine.io/lib/socket.ts schedulePing.
type heartbeat struct {
	interval, timeout time.Duration

	due      time.Time // of the next ping, or of the pong while awaiting
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

func (h *heartbeat) start(now time.Time, interval, timeout time.Duration) {
	*h = heartbeat{interval: interval, timeout: timeout, due: now.Add(interval)}
}

// advance is called when time has passed.
func (h *heartbeat) advance(now time.Time) beat {
	if now.Before(h.due) {
		return beatNone
	}
	if h.awaiting && h.held == 0 {
		return beatLost
	}
	wait := h.timeout
	if h.awaiting {
		wait = h.interval // the pong may be there unread, and the peer expects its next ping
	}
	h.due = now.Add(wait)
	h.awaiting, h.extended = true, false
	return beatPing
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

// release says that we read again: the pong has its time from now on.
func (h *heartbeat) release(now time.Time) {
	h.held--
	if h.awaiting {
		h.due = now.Add(h.timeout)
	}
}
