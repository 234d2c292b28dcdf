package socketio

import (
	"errors"

	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	engineclient "github.com/isosocket/isosocket/transport/engineio/client"
)

// session is one Engine.IO session of a manager, which its sockets share.
type session struct {
	*engineclient.Session
	manager *Manager
	id      uint64         // counted from 1
	decoder parser.Decoder // the reader's
}

// receive takes a message of the server.
func (c *session) receive(m transport.Message) {
	if t := c.manager.trace.Load(); t != nil {
		t.PacketReceived(Session{c}, m)
	}
	p, complete, err := c.decoder.Decode(m)
	if err == nil && complete {
		err = c.manager.receive(c, &p)
	}
	switch {
	case errors.Is(err, ErrVersion):
		c.Abort(engineio.TransportError, err)
	case err != nil:
		c.Abort(engineio.ParseError, err)
	}
}

// The hooks of the engine. They are called while the manager serves the session.

func (m *Manager) pinged() {
	if t := m.trace.Load(); t != nil {
		t.PingReceived(m.served())
	}
}

func (m *Manager) upgraded() {
	if t := m.trace.Load(); t != nil {
		t.SessionUpgraded(m.served())
	}
}

func (m *Manager) upgradeFailed(err error) {
	if t := m.trace.Load(); t != nil {
		t.UpgradeFailed(m.served(), err)
	}
}

func (m *Manager) served() Session {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Session{m.serving}
}
