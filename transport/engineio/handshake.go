package engineio

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/jsontext"
)

// Handshake is the data of the open packet, which begins a session.
// https://socket.io/docs/v4/engine-io-protocol/#handshake
type Handshake struct {
	SID          string        // names the session in the requests that belong to it
	Upgrades     []Transport   // transports the client may move to
	PingInterval time.Duration // from one ping of the server to the next; whole milliseconds on the wire
	PingTimeout  time.Duration // how long an answer to a ping may take; whole milliseconds on the wire
	MaxPayload   int           // bytes in a payload or message that the server accepts, at most 2^31-1; 0 means not told
}

// Encode returns the open packet. A nil list of upgrades is written as an empty one.
func (h Handshake) Encode() transport.Message {
	data := jsontext.AppendQuoted([]byte(`{"sid":`), h.SID)
	data = append(data, `,"upgrades":[`...)
	for i, name := range h.Upgrades {
		if i > 0 {
			data = append(data, ',')
		}
		data = jsontext.AppendQuoted(data, string(name))
	}
	data = strconv.AppendInt(append(data, `],"pingInterval":`...), h.PingInterval.Milliseconds(), 10)
	data = strconv.AppendInt(append(data, `,"pingTimeout":`...), h.PingTimeout.Milliseconds(), 10)
	data = strconv.AppendInt(append(data, `,"maxPayload":`...), int64(h.MaxPayload), 10)
	return Encode(Packet{Type: TypeOpen, Data: append(data, '}')})
}

// maxHandshake is far more than an id and a few names of transports take. The id becomes
// part of every URL, and servers refuse one of more than 8 to 16 KB.
const maxHandshake = 4 << 10

const maxHandshakeDepth = 100

// ParseHandshake reads the data of an open packet, of at most 4 KiB. The sid must not be
// empty and both times must be positive; unknown members are ignored. The error is a
// [*SyntaxError] that wraps [ErrHandshake].
func ParseHandshake(data []byte) (Handshake, error) {
	if len(data) > maxHandshake {
		return Handshake{}, handshakeError("%d bytes, limit %d", len(data), maxHandshake)
	}
	if !jsontext.Valid(data, maxHandshakeDepth) {
		return Handshake{}, handshakeError("not JSON")
	}
	var h Handshake
	var interval, timeout, payload float64
	wrong := "not an object"
	if !jsontext.Members(data, func(name string, value []byte) bool {
		ok := true
		switch name {
		case "sid":
			h.SID, ok = text(value)
		case "upgrades":
			h.Upgrades, ok = transports(value)
		case "pingInterval":
			interval, ok = number(value)
		case "pingTimeout":
			timeout, ok = number(value)
		case "maxPayload":
			payload, ok = number(value)
		}
		if !ok {
			wrong = name + " is " + string(value)
		}
		return ok
	}) {
		return Handshake{}, handshakeError("%s", wrong)
	}
	switch {
	case h.SID == "":
		return Handshake{}, handshakeError("no sid")
	case !isTimer(interval):
		return Handshake{}, handshakeError("pingInterval of %v ms", interval)
	case !isTimer(timeout):
		return Handshake{}, handshakeError("pingTimeout of %v ms", timeout)
	case payload < 0:
		return Handshake{}, handshakeError("maxPayload of %v bytes", payload)
	}
	h.PingInterval = time.Duration(interval * float64(time.Millisecond))
	h.PingTimeout = time.Duration(timeout * float64(time.Millisecond))
	h.MaxPayload = int(min(payload, math.MaxInt32))
	return h, nil
}

// The following read a value of valid JSON. Null is nothing.

func text(value []byte) (s string, ok bool) {
	if string(value) == "null" {
		return "", true
	}
	return jsontext.Unquote(value), value[0] == '"'
}

func number(value []byte) (n float64, ok bool) {
	if string(value) == "null" {
		return 0, true
	}
	if value[0] != '-' && !jsontext.IsDigit(value[0]) {
		return 0, false
	}
	n, err := strconv.ParseFloat(string(value), 64)
	return n, err == nil
}

func transports(list []byte) (names []Transport, ok bool) {
	if string(list) == "null" {
		return nil, true
	}
	if list[0] != '[' {
		return nil, false
	}
	names = []Transport{}
	elements, _ := jsontext.Split(nil, list, -1)
	for _, element := range elements {
		name, ok := text(element)
		if !ok {
			return nil, false
		}
		names = append(names, Transport(name))
	}
	return names, true
}

// isTimer tells whether a JavaScript timer, the peer's measure, can run for so many
// milliseconds. The bound also keeps the sum of both times within a time.Duration.
func isTimer(ms float64) bool { return ms >= 1 && ms <= math.MaxInt32 }

func handshakeError(format string, args ...any) error {
	return &SyntaxError{Err: fmt.Errorf("%w: "+format, append([]any{ErrHandshake}, args...)...)}
}
