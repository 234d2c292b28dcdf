package engineclient

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/engineio/internal/session"
)

// Open makes the handshake, which ctx bounds, and returns the session. Serve must
// be called on it. With TryAll each transport has an equal share of the time that is
// left when its turn comes, so that one that hangs leaves some to the others.
//
// The error says what was met: a [*StatusError], an [*AnswerError], one that
// matches [ErrVersion] or [ErrNoTransport], or what the runtime said of the
// network.
func Open(ctx context.Context, options Options) (*Session, error) {
	o := &options
	o.withDefaults()
	var failures []error
	shares := 1
	if o.TryAll {
		shares = len(o.Transports)
	}
	for _, name := range o.Transports {
		if !o.has(name) {
			shares--
		}
	}
	for _, name := range o.Transports {
		if !o.has(name) {
			continue
		}
		s, err := o.open(ctx, name, shares)
		if err == nil {
			return s, nil
		}
		failures = append(failures, session.Wrap("open "+string(name), err))
		if !o.TryAll {
			break
		}
		shares--
	}
	if failures == nil {
		return nil, ErrNoTransport
	}
	return nil, errors.Join(failures...)
}

func (o *Options) open(ctx context.Context, name engineio.Transport, shares int) (*Session, error) {
	if end, ok := ctx.Deadline(); ok && shares > 1 {
		var cancel context.CancelFunc
		ctx, cancel = withTimeout(ctx, time.Until(end)/time.Duration(shares))
		defer cancel()
	}
	if name == engineio.Polling {
		return o.openPolling(ctx)
	}
	return o.openWebSocket(ctx)
}

// openPolling begins a session with a GET request that names none.
// https://socket.io/docs/v4/engine-io-protocol/#handshake
func (o *Options) openPolling(ctx context.Context) (*Session, error) {
	response, err := o.exchange(ctx, o.get(""))
	if err != nil {
		return nil, err
	}
	var first engineio.Packet // there is one: what cannot be decoded counts as one
	for first, err = range o.Revision.DecodePayload(response.Body, 0) {
		break
	}
	h, err := parseOpen(first, err, response.ContentType, response.Body)
	switch {
	case err == nil:
	case isRevision3(response.Body):
		return nil, ErrVersion
	default:
		return nil, err
	}
	s := newSession(o, h, nil)
	// An error behind the handshake is the session's, as it is in any later payload.
	s.polling.opening = response.Body
	return s, nil
}

func (o *Options) openWebSocket(ctx context.Context) (*Session, error) {
	conn, err := o.Dialer.Dial(ctx, o.endpoint(engineio.WebSocket, ""), o.MaxPayload)
	if err != nil {
		if refused, ok := errors.AsType[*transport.HandshakeError](err); ok {
			err = newStatusError(refused.Status, []byte(refused.Body), refused.RetryAfter)
		}
		return nil, err
	}
	m, err := conn.Read(ctx)
	if err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	p, err := o.Revision.Decode(m)
	h, err := parseOpen(p, err, "", m.Data)
	if err != nil {
		conn.Close(0, "")
		return nil, err
	}
	return newSession(o, h, conn), nil
}

// parseOpen reads the first packet of a session. err is what decoding it said.
func parseOpen(p engineio.Packet, err error, contentType string, answer []byte) (engineio.Handshake, error) {
	if err == nil && p.Type == engineio.TypeOpen {
		var h engineio.Handshake
		if h, err = engineio.ParseHandshake(p.Data); err == nil {
			return h, nil
		}
	}
	return engineio.Handshake{}, &AnswerError{ContentType: contentType, Body: excerpt(answer), Err: err}
}

// isRevision3 recognizes the payload of a Socket.IO 2 server, which writes the
// length before each packet and does not look at the revision asked for. It is in decimal
// with a colon, or in binary framing a zero, a byte for each digit, and 255.
// https://github.com/socketio/engine.io-protocol/tree/v3#payload
func isRevision3(body []byte) bool {
	zero, end := byte('0'), byte(':')
	if len(body) > 0 && body[0] == 0 {
		body, zero, end = body[1:], 0, 255
	}
	digits := 0
	for digits < len(body) && body[digits]-zero <= 9 {
		digits++
	}
	rest := body[digits:]
	return digits > 0 && len(rest) > 2 && rest[0] == end && rest[1] == byte(engineio.TypeOpen) && rest[2] == '{'
}
