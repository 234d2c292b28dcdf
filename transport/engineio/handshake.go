package engineio

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/isosocket/isosocket/transport"
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
	if h.Upgrades == nil {
		h.Upgrades = []Transport{}
	}
	data, err := json.Marshal(struct {
		SID          string      `json:"sid"`
		Upgrades     []Transport `json:"upgrades"`
		PingInterval int64       `json:"pingInterval"`
		PingTimeout  int64       `json:"pingTimeout"`
		MaxPayload   int         `json:"maxPayload"`
	}{h.SID, h.Upgrades, h.PingInterval.Milliseconds(), h.PingTimeout.Milliseconds(), h.MaxPayload})
	if err != nil {
		panic("BUG: engineio: encode handshake: " + err.Error()) // strings and integers always encode
	}
	return Encode(Packet{Type: TypeOpen, Data: data})
}

// maxHandshake is far more than an id and a few names of transports take. The id becomes
// part of every URL, and servers refuse one of more than 8 to 16 KB.
const maxHandshake = 4 << 10

// ParseHandshake reads the data of an open packet, of at most 4 KiB. The sid must not be
// empty and both times must be positive; unknown members are ignored. The error is a
// [*SyntaxError] that wraps [ErrHandshake].
func ParseHandshake(data []byte) (Handshake, error) {
	var wire struct {
		SID          string      `json:"sid"`
		Upgrades     []Transport `json:"upgrades"`
		PingInterval float64     `json:"pingInterval"`
		PingTimeout  float64     `json:"pingTimeout"`
		MaxPayload   float64     `json:"maxPayload"`
	}
	if len(data) > maxHandshake {
		return Handshake{}, handshakeError("%d bytes, limit %d", len(data), maxHandshake)
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return Handshake{}, handshakeError("%v", err)
	}
	switch {
	case wire.SID == "":
		return Handshake{}, handshakeError("no sid")
	case !isTimer(wire.PingInterval):
		return Handshake{}, handshakeError("pingInterval of %v ms", wire.PingInterval)
	case !isTimer(wire.PingTimeout):
		return Handshake{}, handshakeError("pingTimeout of %v ms", wire.PingTimeout)
	case wire.MaxPayload < 0:
		return Handshake{}, handshakeError("maxPayload of %v bytes", wire.MaxPayload)
	}
	return Handshake{
		SID:          wire.SID,
		Upgrades:     wire.Upgrades,
		PingInterval: time.Duration(wire.PingInterval * float64(time.Millisecond)),
		PingTimeout:  time.Duration(wire.PingTimeout * float64(time.Millisecond)),
		MaxPayload:   int(min(wire.MaxPayload, math.MaxInt32)),
	}, nil
}

// isTimer tells whether a JavaScript timer, the peer's measure, can run for so many
// milliseconds. The bound also keeps the sum of both times within a time.Duration.
func isTimer(ms float64) bool { return ms >= 1 && ms <= math.MaxInt32 }

func handshakeError(format string, args ...any) error {
	return &SyntaxError{Err: fmt.Errorf("%w: "+format, append([]any{ErrHandshake}, args...)...)}
}
