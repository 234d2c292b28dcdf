package engine

import (
	"context"
	"errors"
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

// noopInterval is how often a waiting GET is answered while the client upgrades,
// because it upgrades only when no request is open. engine.io/lib/socket.ts onProbe
const noopInterval = 100 * time.Millisecond

// maxProbes is how often a client may repeat its probe.
const maxProbes = 8

var errProbe = errors.New("engine: not an upgrade")

// upgrade is the move of a session from polling to a WebSocket.
//
//	CLIENT                                  SERVER
//	GET …&transport=websocket&sid=…   →     the session stays on polling
//	"2probe"                          →
//	                                  ←     "3probe"
//	                                  ←     "6" for the GET that waits
//	"5"                               →     the session is on the WebSocket
//
// https://socket.io/docs/v4/engine-io-protocol/#upgrade
type upgrade struct {
	conn     transport.Conn // the WebSocket that is tried; nil when there is none
	deadline time.Time      // by when the client must have upgraded
	noop     time.Time      // when a waiting GET is answered next; zero before the probe
}

func (u *upgrade) active() bool { return u.conn != nil }

func (u *upgrade) begin(now time.Time, conn transport.Conn, timeout time.Duration) {
	*u = upgrade{conn: conn, deadline: now.Add(timeout)}
}

// probed says that the client's probe was answered.
func (u *upgrade) probed(now time.Time) {
	if u.active() && u.noop.IsZero() {
		u.noop = now.Add(noopInterval)
	}
}

// advance is called when time has passed. It tells whether a waiting GET is to be
// answered, and returns the connection if it took too long.
func (u *upgrade) advance(now time.Time) (noop bool, late transport.Conn) {
	if !u.active() {
		return false, nil
	}
	if !now.Before(u.deadline) {
		late = u.conn
		u.end()
		return false, late
	}
	if u.noop.IsZero() || now.Before(u.noop) {
		return false, nil
	}
	u.noop = now.Add(noopInterval)
	return true, nil
}

// next returns when advance is due, or zero.
func (u *upgrade) next() time.Time {
	if !u.noop.IsZero() {
		return Earliest(u.noop, u.deadline)
	}
	return u.deadline
}

func (u *upgrade) end() { *u = upgrade{} }

// tryUpgrade serves a WebSocket that a client of a polling session opened: it
// becomes the session's transport, or it is closed and the session stays as it is.
func (s *Session) tryUpgrade(conn transport.Conn) {
	s.mu.Lock()
	now := time.Now()
	ok := s.state == open && s.conn == nil && !s.upgrade.active() && s.server.config.Upgrades
	if ok {
		s.upgrade.begin(now, conn, s.server.config.UpgradeTimeout)
		s.schedule(now)
		s.server.running.Add(1)
	}
	s.mu.Unlock()
	if !ok {
		conn.Close(0, "")
		return
	}
	go func() { // ends with conn, waited for by the server's running
		defer s.server.running.Done()
		if err := s.probe(conn); err != nil {
			s.cancelUpgrade(conn)
			conn.Close(0, "")
			return
		}
		s.read(conn)
	}()
}

// probe returns when the session has moved to conn.
func (s *Session) probe(conn transport.Conn) error {
	for probes := 0; ; {
		m, err := conn.Read(context.Background()) // the session's timer closes conn
		if err != nil {
			return err
		}
		p, err := engineio.Decode(m)
		switch {
		case err != nil:
			return err
		case p.Type == engineio.TypePing && string(p.Data) == "probe" && probes < maxProbes:
			probes++
			if err := conn.Write(context.Background(), probeAnswer); err != nil {
				return err
			}
			s.mu.Lock()
			now := time.Now()
			s.upgrade.probed(now)
			s.schedule(now)
			s.mu.Unlock()
		case p.Type == engineio.TypeUpgrade && probes > 0:
			return s.switchTo(conn)
		default:
			return errProbe
		}
	}
}

// switchTo makes conn the session's transport. What was taken by a GET before has
// reached the client, which upgrades only after its last request was answered;
// what waits in the outbox goes to conn.
func (s *Session) switchTo(conn transport.Conn) error {
	s.mu.Lock()
	if s.state != open || s.upgrade.conn != conn {
		s.mu.Unlock()
		return errProbe
	}
	s.upgrade.end()
	s.conn = conn
	s.answer(noop)
	post := s.post
	s.mu.Unlock()

	s.outbox.Resume()
	if post != nil {
		<-post.done // its packets come before those of conn
	}
	return nil
}

func (s *Session) cancelUpgrade(conn transport.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.upgrade.conn == conn {
		s.upgrade.end()
	}
}
