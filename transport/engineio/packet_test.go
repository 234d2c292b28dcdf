package engineio_test

import (
	"strings"
	"testing"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/stretchr/testify/require"
)

func text(s string) transport.Message { return transport.Message{Data: []byte(s)} }

// whole returns the message as it arrives.
func whole(m transport.Message) transport.Message {
	if m.Lead != 0 {
		m.Data, m.Lead = append([]byte{m.Lead}, m.Data...), 0
	}
	return m
}

func binary(b ...byte) transport.Message { return transport.Message{Data: b, Binary: true} }

// https://socket.io/docs/v4/engine-io-protocol/#packet-encoding
var packets = []struct {
	name    string
	packet  engineio.Packet
	message transport.Message
}{
	{"open", engineio.Packet{Type: engineio.TypeOpen, Data: []byte(`{"sid":"lv_VI97HAXpY6yYWAAAC"}`)}, text(`0{"sid":"lv_VI97HAXpY6yYWAAAC"}`)},
	{"close", engineio.Packet{Type: engineio.TypeClose}, text("1")},
	{"ping", engineio.Packet{Type: engineio.TypePing}, text("2")},
	{"probe", engineio.Packet{Type: engineio.TypePing, Data: []byte("probe")}, text("2probe")},
	{"pong", engineio.Packet{Type: engineio.TypePong}, text("3")},
	{"answered probe", engineio.Packet{Type: engineio.TypePong, Data: []byte("probe")}, text("3probe")},
	{"message", engineio.Packet{Type: engineio.TypeMessage, Data: []byte("hello")}, text("4hello")},
	{"empty message", engineio.Packet{Type: engineio.TypeMessage}, text("4")},
	{"message beyond ASCII", engineio.Packet{Type: engineio.TypeMessage, Data: []byte("€ 🚀\x00")}, text("4€ 🚀\x00")},
	{"message that looks like another packet", engineio.Packet{Type: engineio.TypeMessage, Data: []byte("bAQI=")}, text("4bAQI=")},
	{"upgrade", engineio.Packet{Type: engineio.TypeUpgrade}, text("5")},
	{"noop", engineio.Packet{Type: engineio.TypeNoop}, text("6")},
	{"binary message", engineio.Packet{Type: engineio.TypeMessage, Binary: true, Data: []byte{1, 2, 3, 4}}, binary(1, 2, 3, 4)},
	{"empty binary message", engineio.Packet{Type: engineio.TypeMessage, Binary: true}, binary()},
}

func TestEncode(t *testing.T) {
	for _, tt := range packets {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.message, whole(engineio.Encode(tt.packet)))
		})
	}
}

func TestDecode(t *testing.T) {
	for _, tt := range packets {
		t.Run(tt.name, func(t *testing.T) {
			p, err := engineio.Decode(tt.message)
			require.NoError(t, err)
			require.Equal(t, tt.packet.Type, p.Type)
			require.Equal(t, tt.packet.Binary, p.Binary)
			require.Equal(t, string(tt.packet.Data), string(p.Data))
		})
	}
}

func TestDecodeSharesData(t *testing.T) {
	for _, m := range []transport.Message{text("4hello"), binary([]byte("4hello")...)} {
		p, err := engineio.Decode(m)
		require.NoError(t, err)
		m.Data[len(m.Data)-1] = '!'
		require.Equal(t, byte('!'), p.Data[len(p.Data)-1])
	}
}

func TestDecodeBase64(t *testing.T) {
	for _, tt := range []struct {
		name, text, want string
	}{
		{"padded", "bAQIDBA==", "\x01\x02\x03\x04"},
		{"no padding needed", "bAQID", "\x01\x02\x03"},
		{"unpadded, two digits left", "bAQ", "\x01"},
		{"unpadded, three digits left", "bAQI", "\x01\x02"},
		{"empty", "b", ""},
		{"beginning with a packet type", "b4OHi", "\xe0\xe1\xe2"},
		{"both special digits", "b+/+/", "\xfb\xff\xbf"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := engineio.Decode(text(tt.text))
			require.NoError(t, err)
			require.Equal(t, engineio.Packet{Type: engineio.TypeMessage, Binary: true, Data: []byte(tt.want)}, p)
		})
	}
}

func TestDecodeError(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		offset     int
		cause      error
	}{
		{"empty", "", 0, engineio.ErrEmpty},
		{"letter for a type", "abc", 0, engineio.ErrType},
		{"type after the last", "7", 0, engineio.ErrType},
		{"type before the first", "/", 0, engineio.ErrType},
		{"byte order mark", "\ufeff4hello", 0, engineio.ErrType},
		{"white space", " 4hello", 0, engineio.ErrType},
		{"separator outside of a payload", "\x1e", 0, engineio.ErrType},
		{"not base64", "b!!!!", 1, engineio.ErrBase64},
		{"base64 of the URL alphabet", "b-_-_", 1, engineio.ErrBase64},
		{"base64 of an impossible length", "bAQIDB", 5, engineio.ErrBase64},
		{"base64 with a line break", "bAQ\nID", 3, engineio.ErrBase64},
		{"base64 with a line break at the end", "bAQID\r\n", 5, engineio.ErrBase64},
		{"base64 with a space", "bAQ ID", 3, engineio.ErrBase64},
		{"only padding", "b====", 1, engineio.ErrBase64},
		{"short padding", "bAQ=", 3, engineio.ErrBase64},
		{"long padding", "bAQI==", 4, engineio.ErrBase64},
		{"padding within", "bAQ==AQ==", 3, engineio.ErrBase64},
		{"bits behind the last byte", "bAR==", 1, engineio.ErrBase64},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := engineio.Decode(text(tt.text))
			require.ErrorIs(t, err, tt.cause)
			require.Zero(t, p)
			var syntax *engineio.SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.Equal(t, tt.offset, syntax.Offset)
		})
	}
}

func TestDecodeBase64Truncated(t *testing.T) {
	const whole = "bAQIDBAUGBwg="
	for n := range len(whole) {
		p, err := engineio.Decode(text(whole[:n]))
		if err != nil {
			require.Zero(t, p)
			continue
		}
		require.Equal(t, "\x01\x02\x03\x04\x05\x06\x07\x08"[:(n-1)*6/8], string(p.Data), whole[:n])
	}
}

func TestSyntaxError(t *testing.T) {
	_, err := engineio.Decode(text("b!"))
	require.EqualError(t, err, "engineio: decode: offset 1: invalid base64")
}

func TestTypeString(t *testing.T) {
	require.Equal(t, "open", engineio.TypeOpen.String())
	require.Equal(t, "noop", engineio.TypeNoop.String())
	require.Equal(t, "unknown 7", engineio.Type('7').String())
	require.Equal(t, "unknown /", engineio.Type('/').String())
}

func TestDecodeAllocates(t *testing.T) {
	for _, tt := range []struct {
		name    string
		message transport.Message
		want    float64
	}{
		{"text", text("4" + strings.Repeat("x", 1<<20)), 0},
		{"binary", binary(make([]byte, 1<<20)...), 0},
		{"base64", text("b" + strings.Repeat("AAAA", 1<<18)), 1},
		{"megabyte that is no base64", text("b" + strings.Repeat("\n", 1<<20)), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, testing.AllocsPerRun(10, func() { engineio.Decode(tt.message) }))
		})
	}
}
