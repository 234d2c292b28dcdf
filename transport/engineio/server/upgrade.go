//go:build !js

package engineserver

import (
	"context"
	"errors"
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/engineio/internal/session"
)

// noopInterval is how often a waiting GET is answered while the client upgrades,
// because it upgrades only when no request is open. engine.io/lib/socket.ts onProbe
const noopInterval = 100 * time.Millisecond

// maxProbes is how often a client may repeat its probe.
const maxProbes = 8

var errProbe = errors.New("engineio: not an upgrade")

var probeAnswer = engineio.Encode(engineio.Packet{Type: engineio.TypePong, Data: []byte("probe")})

// upgrade is the move of a session from polling to a WebSocket.
//
//	CLIENT                                  SERVER
//	GET …&transport=websocket&sid=…   →     the session stays on polling
//	"2probe"                          →
//	                                  ←     "3probe"
//	                                  ←     "6" for the GET that waits
//	"5"                               →     the session is on the WebSocket
//
// A client whose probe was answered stops polling when it can. So from then on the
// upgrade goes on also when the session is closing: what was accepted leaves by the
// transport that the client turns to.
//
// https://socket.io/docs/v4/engine-io-protocol/#upgrade
type upgrade struct {
	conn     transport.Conn // the WebSocket that is tried; nil when there is none
	deadline time.Time      // by when the client must have upgraded
	noop     time.Time      // when a waiting GET is answered next; zero before the probe
}

func (u *upgrade) active() bool { return u.conn != nil }

// probed reports whether the client's probe was answered.
func (u *upgrade) probed() bool { return !u.noop.IsZero() }

func (u *upgrade) begin(now time.Time, conn transport.Conn, timeout time.Duration) {
	*u = upgrade{conn: conn, deadline: now.Add(timeout)}
}

// probe says that the client's probe is answered.
func (u *upgrade) probe(now time.Time) {
	if u.active() && !u.probed() {
		u.noop = now.Add(noopInterval)
	}
}

// advance is called when time has passed. It reports whether a waiting GET is to be
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
	if !u.probed() || now.Before(u.noop) {
		return false, nil
	}
	u.noop = now.Add(noopInterval)
	return true, nil
}

// next returns when advance is due, or zero.
func (u *upgrade) next() time.Time { return session.Earlier(u.noop, u.deadline) }

func (u *upgrade) end() { *u = upgrade{} }

// tryUpgrade serves a WebSocket that a client of a polling session opened: it
// becomes the session's transport, or it is closed and the session stays as it is.
func (s *Session) tryUpgrade(conn transport.Conn) {
	s.core.Lock()
	now := time.Now()
	ok := s.core.State() == session.Open && s.core.On() == engineio.Polling &&
		!s.polling.upgrade.active() && s.server.upgrades()
	if ok {
		s.polling.upgrade.begin(now, conn, s.server.options.UpgradeTimeout)
		s.core.Schedule(now)
		s.server.running.Add(1)
	}
	s.core.Unlock()
	if !ok {
		conn.Close(0, "")
		return
	}
	go func() { // ends with conn, waited for by the server's running
		defer s.server.running.Done()
		if err := s.polling.probe(conn); err != nil {
			s.polling.cancelUpgrade(conn)
			conn.Close(0, "")
			return
		}
		s.core.Read(conn)
	}()
}

// probe returns when the session has moved to conn.
func (p *polling) probe(conn transport.Conn) error {
	for probes := 0; ; {
		m, err := conn.Read(context.Background()) // the session's timer closes conn
		if err != nil {
			return err
		}
		packet, err := p.session.server.options.Revision.Decode(m)
		switch {
		case err != nil:
			return err
		case packet.Type == engineio.TypePing && string(packet.Data) == "probe" && probes < maxProbes:
			probes++
			if !p.answerProbe(conn) {
				return errProbe
			}
			if err := conn.Write(context.Background(), probeAnswer); err != nil {
				return err
			}
		case packet.Type == engineio.TypeUpgrade && probes > 0:
			return p.switchTo(conn)
		default:
			return errProbe
		}
	}
}

// answerProbe reports whether the client's probe is to be answered. When the session
// is closing no further client is made to believe that it can upgrade.
func (p *polling) answerProbe(conn transport.Conn) bool {
	core := &p.session.core
	core.Lock()
	defer core.Unlock()
	if p.upgrade.conn != conn || core.State() == session.Closing && !p.upgrade.probed() {
		return false
	}
	now := time.Now()
	p.upgrade.probe(now)
	core.Schedule(now)
	return true
}

// switchTo makes conn the session's transport. What was taken by a GET before has
// reached the client, which upgrades only after its last request was answered;
// what waits in the outbox goes to conn.
func (p *polling) switchTo(conn transport.Conn) error {
	core := &p.session.core
	core.Lock()
	if p.upgrade.conn != conn { // it was ended, with the session or before
		core.Unlock()
		return errProbe
	}
	p.upgrade.end()
	if p.poll != nil { // it came behind the upgrade packet, on another connection
		p.poll.moved = true
		p.answer(noop)
	}
	post := p.post
	core.Switch(conn)
	core.Unlock()

	if u, ok := p.session.receiver.(Upgrader); ok {
		u.Upgraded()
	}
	core.Resume()
	if post != nil {
		<-post.done // its packets come before those of conn
	}
	return nil
}

func (p *polling) cancelUpgrade(conn transport.Conn) {
	p.session.core.Lock()
	defer p.session.core.Unlock()
	if p.upgrade.conn == conn {
		p.upgrade.end()
	}
}
