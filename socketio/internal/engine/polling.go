package engine

import (
	"context"
	"math/rand/v2"
	"strconv"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

// received is a packet of a payload, or what is wrong with it.
type received struct {
	packet engineio.Packet
	err    error
}

// poll hands over what GET requests bring, one after the other, until the
// session has moved to a WebSocket or has ended. It does not depend on the POST
// requests, which the outbox makes meanwhile.
func (s *Session) poll(receive func(context.Context, transport.Message)) {
	for _, r := range s.early {
		if !s.polled(r.packet, r.err, receive) {
			return
		}
	}
	s.early = nil
	for s.polling() {
		response, err := s.config.exchange(s.ctx, &transport.Request{
			Method:      "GET",
			URL:         s.config.endpoint(Polling, s.handshake.SID),
			MaxResponse: s.config.MaxMessage,
		})
		if err != nil {
			s.finish(TransportError, wrap("poll", err))
			return
		}
		for p, err := range engineio.DecodePayload(response.Body, 0) {
			if !s.polled(p, err, receive) {
				return
			}
		}
		if s.switchTransport() {
			return
		}
	}
}

// polled acts on a packet of a payload and reports whether the session goes on.
func (s *Session) polled(p engineio.Packet, err error, receive func(context.Context, transport.Message)) bool {
	switch {
	case err != nil:
		s.finish(TransportError, wrap("poll", err))
		return false
	case p.Type == engineio.TypeClose:
		s.finish(TransportClose, errServerClosed)
		return false
	}
	s.handle(p, receive)
	return true
}

// polling tells whether there is to be another GET. A session that is closing
// makes none, the answer to its close packet would be an error, unless it has to
// finish an upgrade before it can write.
func (s *Session) polling() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.life.state == alive || s.life.state == closing && s.upgrade.state == pausing
}

// post writes the messages, in as many POST requests as the server's limit makes
// necessary, one after the other.
func (s *Session) post(messages []transport.Message) error {
	for len(messages) > 0 {
		n := fitting(messages, s.handshake.MaxPayload)
		_, err := s.config.exchange(s.ctx, &transport.Request{
			Method:      "POST",
			URL:         s.config.endpoint(Polling, s.handshake.SID),
			ContentType: "text/plain;charset=UTF-8",
			Body:        engineio.AppendPayload(nil, messages[:n]...),
			MaxResponse: maxPostResponse,
		})
		if err != nil {
			return err
		}
		messages = messages[n:]
	}
	return nil
}

// maxPostResponse is far more than "ok", or an error with its explanation.
const maxPostResponse = 64 << 10

// fitting returns how many of the messages make a payload of at most limit bytes
// (0 means no limit). It is at least one: what to say to a message that alone is
// too large is the server's business.
func fitting(messages []transport.Message, limit int) int {
	if limit == 0 {
		return len(messages)
	}
	size := engineio.PayloadSize(messages[0])
	n := 1
	for n < len(messages) {
		size += 1 + engineio.PayloadSize(messages[n]) // with the separator
		if size > limit {
			break
		}
		n++
	}
	return n
}

// exchange makes a request and returns its answer, which has status 200.
func (c *Config) exchange(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	response, err := c.RoundTripper.RoundTrip(ctx, r)
	if err != nil {
		return nil, err
	}
	if response.Status != 200 {
		return nil, newStatusError(response.Status, response.Body)
	}
	return response, nil
}

// endpoint returns the URL of the transport. The protocol's parameters come last:
// of a name that is there twice, servers take the last.
// https://socket.io/docs/v4/engine-io-protocol/#url
func (c *Config) endpoint(transport, sid string) string {
	url := c.URL
	if transport == WebSocket {
		url = "ws" + url[len("http"):] // wss for https
	}
	url += query(c.URL) + "EIO=4&transport=" + transport
	if sid != "" {
		url += "&sid=" + escape(sid)
	}
	if transport == Polling {
		url += "&t=" + strconv.FormatUint(rand.Uint64(), 36) // no cache may answer
	}
	return url
}

// query returns what stands between a URL and a further parameter.
func query(url string) string {
	for i := range len(url) {
		if url[i] == '?' {
			if i == len(url)-1 {
				return ""
			}
			return "&"
		}
	}
	return "?"
}

// escape keeps a session id, which the server chose, from being read as more than
// a value.
func escape(sid string) string {
	const hex = "0123456789ABCDEF"
	escaped := make([]byte, 0, len(sid))
	for i := range len(sid) {
		switch c := sid[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == '~':
			escaped = append(escaped, c)
		default:
			escaped = append(escaped, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(escaped)
}
