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
	joined  bool           // by a socket, at some time; keep's own
}

// receive takes a message of the server.
func (c *session) receive(m transport.Message) {
	if t := c.manager.tracer.Load(); t != nil {
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

// unanswered reports whether the server has ended the session, or sent what is no packet,
// in place of an answer to CONNECT. A connection that broke (1006) tells nothing.
func (c *session) unanswered(reason engineio.Reason, err error) bool {
	if c.joined || reason != engineio.TransportClose {
		return !c.joined && errors.Is(err, parser.ErrUnexpectedBinary)
	}
	closed, ok := errors.AsType[*transport.CloseError](err)
	return !ok || closed.Code != 1006
}

// The hooks of the engine, which it calls while the session is served.

func (c *session) pinged() {
	if t := c.manager.tracer.Load(); t != nil {
		t.PingReceived(Session{c})
	}
}

func (c *session) upgraded() {
	if t := c.manager.tracer.Load(); t != nil {
		t.SessionUpgraded(Session{c})
	}
}

func (c *session) upgradeFailed(err error) {
	if t := c.manager.tracer.Load(); t != nil {
		t.UpgradeFailed(Session{c}, err)
	}
}
