package engine

import (
	"errors"
	"slices"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

type upgradeState int

const (
	// staying: the transport in use is the one to stay with.
	staying upgradeState = iota
	// probing: a WebSocket is being opened and tried, polling goes on.
	probing
	// pausing: the WebSocket works. What is to be written waits; the requests in
	// flight end, and the server ends the GET with a noop.
	pausing
)

// upgrade moves a session from polling to a WebSocket, losing, doubling and
// reordering nothing: the outbox rests from the answer to the probe on, the last
// GET and POST are over before the upgrade packet is written, and the WebSocket
// is read only after that.
//
// https://socket.io/docs/v4/engine-io-protocol/#upgrade
type upgrade struct {
	state upgradeState
	conn  transport.Conn // the candidate, set while pausing
}

var (
	probePing = engineio.Encode(engineio.Packet{Type: engineio.TypePing, Data: []byte("probe")})
	upgraded  = engineio.Encode(engineio.Packet{Type: engineio.TypeUpgrade})
)

var errProbe = errors.New("no answer to the probe")

// probe starts to probe a WebSocket, if both sides have it.
func (s *Session) probe() {
	if s.config.Dialer == nil || !slices.Contains(s.config.Transports, WebSocket) ||
		!slices.Contains(s.handshake.Upgrades, WebSocket) {
		return
	}
	s.mu.Lock()
	if s.life.state == alive {
		s.upgrade.state = probing
		s.work.Go(s.runProbe) // Serve waits for it
	}
	s.mu.Unlock()
}

// runProbe ends with the session pausing, or staying when the WebSocket is no
// good or the session is about to end.
func (s *Session) runProbe() {
	conn, err := s.tryWebSocket()
	s.mu.Lock()
	ending := s.life.state != alive
	if err == nil && !ending {
		s.upgrade.state, s.upgrade.conn = pausing, conn
		s.outbox.PauseNow()
		s.mu.Unlock()
		return
	}
	s.upgrade.state = staying
	s.mu.Unlock()
	if conn != nil {
		conn.Close(0, "")
	}
	if !ending && s.config.OnStay != nil {
		s.config.OnStay(wrap("upgrade", err))
	}
}

// tryWebSocket opens a WebSocket for the session and probes it.
func (s *Session) tryWebSocket() (transport.Conn, error) {
	ctx, cancel := withTimeout(s.ctx, s.config.UpgradeTimeout)
	defer cancel()
	conn, err := s.config.Dialer.Dial(ctx, s.config.endpoint(WebSocket, s.handshake.SID), s.config.MaxMessage)
	if err != nil {
		return nil, err
	}
	if err := conn.Write(ctx, probePing); err != nil {
		return conn, err
	}
	m, err := conn.Read(ctx)
	if err != nil {
		return conn, err
	}
	p, err := engineio.Decode(m)
	if err == nil && (p.Type != engineio.TypePong || string(p.Data) != "probe") {
		err = errProbe
	}
	return conn, err
}

// switchTransport is called by the reader between two GET requests. It reports
// whether the session is on the WebSocket now.
func (s *Session) switchTransport() bool {
	s.mu.Lock()
	ready := s.upgrade.state == pausing && s.life.state != closed
	conn := s.upgrade.conn
	s.mu.Unlock()
	if !ready || s.outbox.Pause(s.ctx) != nil { // waits for the POST in flight
		return false
	}
	// From here on there is no way back: the server may have seen the packet even
	// if writing fails.
	if err := conn.Write(s.ctx, upgraded); err != nil {
		s.finish(TransportError, wrap("upgrade", err))
		return false
	}
	s.mu.Lock()
	s.conn, s.upgrade = conn, upgrade{}
	s.mu.Unlock()
	if s.config.OnUpgraded != nil {
		s.config.OnUpgraded()
	}
	s.outbox.Resume()
	return true
}
