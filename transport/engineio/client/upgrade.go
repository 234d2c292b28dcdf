package engineclient

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/engineio/internal/session"
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
func (p *polling) probe() {
	s := p.session
	if s.options.Dialer == nil || !slices.Contains(s.options.Transports, engineio.WebSocket) ||
		!slices.Contains(p.handshake.Upgrades, engineio.WebSocket) {
		return
	}
	s.core.Lock()
	defer s.core.Unlock()
	if s.core.State() == session.Open {
		p.upgrade.state = probing
		s.prober.Go(p.runProbe) // Serve waits for it
	}
}

// runProbe ends with the session pausing, or staying when the WebSocket is no
// good or the session is about to end.
func (p *polling) runProbe() {
	s := p.session
	conn, err := p.tryWebSocket()
	s.core.Lock()
	ending := s.core.State() != session.Open
	if err == nil && !ending {
		p.upgrade = upgrade{state: pausing, conn: conn}
		s.core.Rest()
		s.core.Unlock()
		return
	}
	p.upgrade.state = staying
	s.core.Unlock()
	if conn != nil {
		conn.Close(0, "")
	}
	if !ending && s.options.OnStay != nil {
		s.options.OnStay(session.Wrap("upgrade", err))
	}
}

// tryWebSocket opens a WebSocket for the session and probes it.
func (p *polling) tryWebSocket() (transport.Conn, error) {
	s := p.session
	ctx, cancel := withTimeout(s.ctx, s.options.UpgradeTimeout)
	defer cancel()
	conn, err := s.options.Dialer.Dial(ctx, s.options.endpoint(engineio.WebSocket, s.core.ID), s.options.MaxPayload)
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
	answer, err := s.options.Revision.Decode(m)
	if err == nil && (answer.Type != engineio.TypePong || string(answer.Data) != "probe") {
		err = errProbe
	}
	return conn, err
}

// switchTransport is called by the reader between two GET requests. It returns the
// WebSocket if the session is on it now.
func (p *polling) switchTransport() transport.Conn {
	s := p.session
	s.core.Lock()
	ready := p.upgrade.state == pausing && s.core.State() != session.Closed
	conn := p.upgrade.conn
	s.core.Unlock()
	if !ready || s.core.AwaitRest(s.ctx) != nil { // waits for the POST in flight
		return nil
	}
	// From here on there is no way back: the server may have seen the packet even
	// if writing fails.
	if err := conn.Write(s.ctx, upgraded); err != nil {
		s.Abort(engineio.TransportError, session.Wrap("upgrade", err))
		return nil
	}
	s.core.Lock()
	open := s.core.State() != session.Closed
	if open {
		s.core.Switch(conn)
	}
	s.core.Unlock()
	if !open {
		return nil // which has closed conn
	}
	if s.options.OnUpgraded != nil {
		s.options.OnUpgraded()
	}
	s.core.Resume()
	return conn
}

func withTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, d, fmt.Errorf("timeout after %v: %w", d, context.DeadlineExceeded))
}
