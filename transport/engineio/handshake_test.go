package engineio_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/stretchr/testify/require"
)

// https://socket.io/docs/v4/engine-io-protocol/#handshake
const handshakeText = `{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`

var handshake = engineio.Handshake{
	SID:          "lv_VI97HAXpY6yYWAAAC",
	Upgrades:     []engineio.Transport{engineio.WebSocket},
	PingInterval: 25 * time.Second,
	PingTimeout:  20 * time.Second,
	MaxPayload:   1_000_000,
}

func TestHandshakeEncode(t *testing.T) {
	require.Equal(t, text("0"+handshakeText), whole(handshake.Encode()))
}

func TestHandshakeEncodeWithoutUpgrades(t *testing.T) {
	h := engineio.Handshake{SID: "a", PingInterval: time.Second, PingTimeout: 500 * time.Millisecond}
	require.Equal(t, `{"sid":"a","upgrades":[],"pingInterval":1000,"pingTimeout":500,"maxPayload":0}`, string(h.Encode().Data))
}

func TestParseHandshake(t *testing.T) {
	minimal := engineio.Handshake{SID: "a", PingInterval: time.Millisecond, PingTimeout: 2 * time.Millisecond}
	for _, tt := range []struct {
		name, data string
		want       engineio.Handshake
	}{
		{"example of the protocol", handshakeText, handshake},
		{"required members only", `{"sid":"a","pingInterval":1,"pingTimeout":2}`, minimal},
		{"unknown members", `{"sid":"a","pingInterval":1,"pingTimeout":2,"pid":"x","offset":{"deep":[1]}}`, minimal},
		{"null for what is optional", `{"sid":"a","upgrades":null,"pingInterval":1,"pingTimeout":2,"maxPayload":null}`, minimal},
		{"white space and order", "{ \"pingTimeout\" : 2.0 ,\n\"pingInterval\":1e0, \"sid\":\"\\u0061\" }", minimal},
		{"fraction of a millisecond", `{"sid":"a","pingInterval":1.5,"pingTimeout":2}`, engineio.Handshake{SID: "a", PingInterval: 1500 * time.Microsecond, PingTimeout: 2 * time.Millisecond}},
		{"largest times", `{"sid":"a","pingInterval":2147483647,"pingTimeout":2147483647}`, engineio.Handshake{SID: "a", PingInterval: math.MaxInt32 * time.Millisecond, PingTimeout: math.MaxInt32 * time.Millisecond}},
		{"limit beyond every message", `{"sid":"a","pingInterval":1,"pingTimeout":2,"maxPayload":1e300}`, engineio.Handshake{SID: "a", PingInterval: time.Millisecond, PingTimeout: 2 * time.Millisecond, MaxPayload: math.MaxInt32}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := engineio.ParseHandshake([]byte(tt.data))
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestParseHandshakeError(t *testing.T) {
	for _, tt := range []struct{ name, data, message string }{
		{"empty", ``, "not JSON"},
		{"not an object", `"lv_VI97HAXpY6yYWAAAC"`, "not an object"},
		{"array", `[]`, "not an object"},
		{"null", `null`, "not an object"},
		{"more after it", handshakeText + "x", "not JSON"},
		{"no sid", `{"pingInterval":1,"pingTimeout":1}`, "no sid"},
		{"empty sid", `{"sid":"","pingInterval":1,"pingTimeout":1}`, "no sid"},
		{"number for a sid", `{"sid":1,"pingInterval":1,"pingTimeout":1}`, "sid is 1"},
		{"no interval", `{"sid":"a","pingTimeout":1}`, "pingInterval of 0 ms"},
		{"no timeout", `{"sid":"a","pingInterval":1}`, "pingTimeout of 0 ms"},
		{"negative interval", `{"sid":"a","pingInterval":-1,"pingTimeout":1}`, "pingInterval of -1 ms"},
		{"interval below a timer's tick", `{"sid":"a","pingInterval":1e-9,"pingTimeout":1}`, "pingInterval of 1e-09 ms"},
		{"interval no timer holds", `{"sid":"a","pingInterval":2147483648,"pingTimeout":1}`, "pingInterval of 2.147483648e+09 ms"},
		{"timeout that overflows", `{"sid":"a","pingInterval":1,"pingTimeout":1e300}`, "pingTimeout of 1e+300 ms"},
		{"number out of range", `{"sid":"a","pingInterval":1e400,"pingTimeout":1}`, "pingInterval is 1e400"},
		{"string for a time", `{"sid":"a","pingInterval":"25000","pingTimeout":1}`, `pingInterval is "25000"`},
		{"string for the upgrades", `{"sid":"a","upgrades":"websocket","pingInterval":1,"pingTimeout":1}`, `upgrades is "websocket"`},
		{"number among the upgrades", `{"sid":"a","upgrades":[1],"pingInterval":1,"pingTimeout":1}`, "upgrades is [1]"},
		{"long sid", `{"sid":"` + strings.Repeat("x", 4096) + `","pingInterval":1,"pingTimeout":1}`, "4139 bytes, limit 4096"},
		{"many upgrades", `{"sid":"a","upgrades":[` + strings.Repeat(`"",`, 5000) + `"x"],"pingInterval":1,"pingTimeout":1}`, "limit 4096"},
		{"NaN", `{"sid":"a","pingInterval":NaN,"pingTimeout":1}`, "not JSON"},
		{"number of megabytes", `{"sid":"a","pingInterval":1` + strings.Repeat("0", 1<<20) + `,"pingTimeout":1}`, "limit 4096"},
		{"negative limit", `{"sid":"a","pingInterval":1,"pingTimeout":1,"maxPayload":-1}`, "maxPayload of -1 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, err := engineio.ParseHandshake([]byte(tt.data))
			require.ErrorIs(t, err, engineio.ErrHandshake)
			require.ErrorContains(t, err, "engineio: decode: offset 0: invalid handshake: ")
			require.ErrorContains(t, err, tt.message)
			require.Zero(t, h)
		})
	}
}

func TestParseHandshakeTruncated(t *testing.T) {
	for n := range len(handshakeText) {
		_, err := engineio.ParseHandshake([]byte(handshakeText[:n]))
		require.ErrorIs(t, err, engineio.ErrHandshake, handshakeText[:n])
	}
}
