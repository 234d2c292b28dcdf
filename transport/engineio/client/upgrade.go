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
	// switching: the upgrade packet is being written, or was. There is no way back.
	switching
)

// upgrade moves a session from polling to a WebSocket, losing, doubling and
// reordering nothing: the outbox rests from the answer to the probe on, the last
// GET and POST are over before the upgrade packet is written, and the WebSocket
// is read only after that.
//
// https://socket.io/docs/v4/engine-io-protocol/#upgrade
type upgrade struct {
	state upgradeState
	conn  *candidate // set from pausing on
}

// candidate is the WebSocket that a session moves to. It is read from the answer to
// the probe on, by the prober, so that its loss is known before the session depends
// on it. Its first message is the one that comes behind the upgrade packet.
type candidate struct {
	transport.Conn
	first chan arrival // what the prober has read; nil once it was taken
}

type arrival struct {
	message transport.Message
	err     error
}

// Read implements transport.Conn.
func (c *candidate) Read(ctx context.Context) (transport.Message, error) {
	if c.first != nil {
		a := <-c.first // the session's end closes the connection
		c.first = nil
		return a.message, a.err
	}
	return c.Conn.Read(ctx)
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
		c := &candidate{conn, make(chan arrival, 1)}
		p.upgrade = upgrade{state: pausing, conn: c}
		s.core.Rest()
		s.core.Unlock()
		p.watch(c)
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

// watch reads from the candidate. When that fails before the session has turned to
// it, the session stays where it is.
func (p *polling) watch(c *candidate) {
	s := p.session
	first := c.first
	m, err := c.Conn.Read(context.Background()) // the session's end closes it
	s.core.Lock()
	lost := err != nil && p.upgrade.state == pausing && s.core.State() != session.Closed
	if lost {
		p.upgrade = upgrade{}
	}
	s.core.Unlock()
	if !lost {
		first <- arrival{m, err}
		return
	}
	s.core.Resume()
	if s.options.OnStay != nil {
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
	s.core.Lock()
	lost := p.upgrade.state != pausing
	if !lost {
		// From here on there is no way back: the server may have seen the packet even
		// if writing fails.
		p.upgrade.state = switching
	}
	s.core.Unlock()
	if lost {
		return nil
	}
	if err := conn.Write(s.ctx, upgraded); err != nil {
		s.Abort(engineio.TransportError, session.Wrap("upgrade", err))
		return nil
	}
	s.core.Lock()
	open := s.core.State() != session.Closed
	if open {
		s.core.Switch(conn.Conn)
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
