package engine

import (
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

// heartbeat notices a server that is gone.
//
// "if the client does not receive a ping packet within pingInterval +
// pingTimeout", the connection is considered closed.
// https://socket.io/docs/v4/engine-io-protocol/#heartbeat
type heartbeat struct {
	allowed time.Duration // between pings
	last    time.Time     // when the last ping came, or the session began
	wall    time.Time     // the same without the monotonic clock
}

func (h *heartbeat) begin(allowed time.Duration, now time.Time) {
	h.allowed = allowed
	h.received(now)
}

// received goes by UTC, which drops the monotonic clock as Round(0) does: that would
// make a browser program larger.
func (h *heartbeat) received(now time.Time) { h.last, h.wall = now, now.UTC() }

func (h *heartbeat) deadline() time.Time { return h.last.Add(h.allowed) }

// expired goes by both clocks: the monotonic one stands still while some systems
// sleep, during which a server is lost all the same; the wall clock can be set
// back.
func (h *heartbeat) expired(now time.Time) bool {
	return max(now.Sub(h.last), now.UTC().Sub(h.wall)) >= h.allowed
}

// pong answers a ping.
func (s *Session) pong(data []byte) {
	pong := engineio.Encode(engineio.Packet{Type: engineio.TypePong, Data: data})
	s.mu.Lock()
	s.heartbeat.received(time.Now())
	if s.life.state == alive { // else the close packet is the last one
		// A pong that a full outbox refused would cost the session.
		_ = s.outbox.Force(outgoing{messages: []transport.Message{pong}}, len(pong.Data))
	}
	s.mu.Unlock()
	if s.config.OnPing != nil {
		s.config.OnPing()
	}
}

// Check ends the session if its heartbeat is overdue. Timers may be late in a
// program that was frozen or throttled, the clock is not.
func (s *Session) Check() {
	s.mu.Lock()
	overdue := s.life.state == alive && s.heartbeat.expired(time.Now())
	s.mu.Unlock()
	if overdue {
		s.finish(PingTimeout, nil)
	}
}

// wake runs when the alarm goes off. A ping does not reset the alarm, it only
// moves the deadline: wake sets the alarm again for the rest. Whoever sets it
// counts in work, so that Serve waits for a wake that runs.
func (s *Session) wake() {
	defer s.work.Done()
	now := time.Now()
	s.mu.Lock()
	var overdue Reason
	switch {
	case s.life.state == closing && !now.Before(s.life.deadline):
		overdue = ForcedClose
	case s.life.state == alive && s.heartbeat.expired(now):
		overdue = PingTimeout
	case s.life.state != closed:
		s.work.Add(1)
		s.alarm.Reset(max(s.deadline().Sub(now), time.Millisecond))
	}
	s.mu.Unlock()
	if overdue != "" {
		s.finish(overdue, nil)
	}
}

// wakeNow moves the alarm to now. The caller holds mu.
func (s *Session) wakeNow() {
	if s.alarm.Stop() { // else wake runs, or has run and the session ends
		s.alarm.Reset(0)
	}
}

// deadline returns when something is to be done next. The caller holds mu.
func (s *Session) deadline() time.Time {
	if s.life.state == closing {
		return s.life.deadline
	}
	return s.heartbeat.deadline()
}
