package engine

import (
	"context"
	"errors"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

// read hands over what arrives on the WebSocket until the session ends.
func (s *Session) read(conn transport.Conn, receive func(context.Context, transport.Message)) {
	for s.ctx.Err() == nil {
		m, err := conn.Read(s.ctx)
		if err != nil {
			s.finish(readReason(err), wrap("read", err))
			return
		}
		p, err := engineio.Decode(m)
		if err != nil {
			s.finish(TransportError, wrap("read", err))
			return
		}
		s.handle(p, receive)
	}
}

// readReason tells a connection that the server or the network closed from one
// that failed.
func readReason(err error) Reason {
	if _, closed := errors.AsType[*transport.CloseError](err); closed {
		return TransportClose
	}
	return TransportError
}
