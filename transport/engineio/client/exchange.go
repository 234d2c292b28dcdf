package engineclient

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

// maxPostResponse is far more than "ok", or an error with its explanation.
const maxPostResponse = 64 << 10

// get returns the request for what the server has for the session, or for a new
// one when sid is empty.
func (o *Options) get(sid string) *transport.Request {
	return &transport.Request{Method: "GET", URL: o.endpoint(engineio.Polling, sid), MaxResponse: o.MaxPayload}
}

// post returns the request that sends the packets.
func (o *Options) post(sid string, packets []transport.Message) *transport.Request {
	return &transport.Request{
		Method:      "POST",
		URL:         o.endpoint(engineio.Polling, sid),
		ContentType: "text/plain;charset=UTF-8",
		Body:        o.Revision.AppendPayload(nil, packets...),
		MaxResponse: maxPostResponse,
	}
}

// exchange makes a request and returns its answer, which has status 200.
func (o *Options) exchange(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	response, err := o.RoundTripper.RoundTrip(ctx, r)
	if err != nil {
		return nil, err
	}
	if response.Status != 200 {
		return nil, newStatusError(response.Status, response.Body, response.RetryAfter)
	}
	return response, nil
}

// endpoint returns the URL of the transport. The protocol's parameters come last:
// of a name that is there twice, servers take the last.
// https://socket.io/docs/v4/engine-io-protocol/#url
func (o *Options) endpoint(name engineio.Transport, sid string) string {
	url := o.URL
	if name == engineio.WebSocket {
		url = "ws" + url[len("http"):] // wss for https
	}
	switch i := strings.IndexByte(url, '?'); {
	case i < 0:
		url += "?"
	case i < len(url)-1:
		url += "&"
	}
	url += "EIO=" + o.Revision.Number + "&transport=" + string(name)
	if sid != "" {
		url += "&sid=" + escape(sid)
	}
	if name == engineio.Polling {
		url += "&t=" + strconv.FormatUint(rand.Uint64(), 36) // no cache may answer
	}
	return url
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
