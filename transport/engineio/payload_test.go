package engineio_test

import (
	"strings"
	"testing"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/stretchr/testify/require"
)

// https://socket.io/docs/v4/engine-io-protocol/#http-long-polling-1
// https://socket.io/docs/v4/socket-io-protocol/#sample-session
var payloads = []struct {
	name     string
	body     string
	messages []transport.Message
}{
	{"text", "4hello\x1e2\x1e4world", []transport.Message{text("4hello"), text("2"), text("4world")}},
	{"text and binary", "4hello\x1ebAQIDBA==", []transport.Message{text("4hello"), binary(1, 2, 3, 4)}},
	{"one packet", "40", []transport.Message{text("40")}},
	{"two events", "42[\"hello\"]\x1e42[\"world\"]", []transport.Message{text(`42["hello"]`), text(`42["world"]`)}},
	{"packet and attachments", "452-[]\x1ebAQ==\x1ebAg==\x1e2", []transport.Message{text("452-[]"), binary(1), binary(2), text("2")}},
	{"empty binary", "b\x1eb", []transport.Message{binary(), binary()}},
	{"beyond ASCII", "4€\x1e4🚀", []transport.Message{text("4€"), text("4🚀")}},
	{"pongs", strings.Repeat("3\x1e", 4999) + "3", repeat(text("3"), 5000)},
}

func repeat(m transport.Message, n int) []transport.Message {
	messages := make([]transport.Message, n)
	for i := range messages {
		messages[i] = m
	}
	return messages
}

func TestAppendPayload(t *testing.T) {
	for _, tt := range payloads {
		t.Run(tt.name, func(t *testing.T) {
			body := engineio.AppendPayload([]byte("before"), tt.messages...)
			require.Equal(t, "before"+tt.body, string(body))
		})
	}
	require.Empty(t, engineio.AppendPayload(nil))
}

func TestPayloadSize(t *testing.T) {
	for _, tt := range payloads {
		t.Run(tt.name, func(t *testing.T) {
			size := len(tt.messages) - 1
			for _, m := range tt.messages {
				size += engineio.PayloadSize(m)
			}
			require.Equal(t, len(tt.body), size)
		})
	}
}

func TestDecodePayload(t *testing.T) {
	for _, tt := range payloads {
		t.Run(tt.name, func(t *testing.T) {
			var got []transport.Message
			for p, err := range engineio.DecodePayload([]byte(tt.body), len(tt.messages)) {
				require.NoError(t, err)
				m := whole(engineio.Encode(p))
				got = append(got, transport.Message{Data: append([]byte{}, m.Data...), Binary: m.Binary})
			}
			want := make([]transport.Message, len(tt.messages))
			for i, m := range tt.messages {
				want[i] = transport.Message{Data: append([]byte{}, m.Data...), Binary: m.Binary}
			}
			require.Equal(t, want, got)
		})
	}
}

func TestDecodePayloadError(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		packets    int // before the error
		offset     int
		cause      error
	}{
		{"empty body", "", 0, 0, engineio.ErrEmpty},
		{"unknown type", "abc", 0, 0, engineio.ErrType},
		{"type after the last", "7", 0, 0, engineio.ErrType},
		{"byte order mark", "\ufeff4hello", 0, 0, engineio.ErrType},
		{"only separators", "\x1e\x1e", 0, 0, engineio.ErrEmpty},
		{"leading separator", "\x1e4hello", 0, 0, engineio.ErrEmpty},
		{"trailing separator", "4hello\x1e", 1, 7, engineio.ErrEmpty},
		{"separator twice", "4a\x1e\x1e4b", 1, 3, engineio.ErrEmpty},
		{"unknown type of a later packet", "4a\x1e2\x1ex\x1e4b", 2, 5, engineio.ErrType},
		{"base64 of a later packet", "4a\x1ebAQ*D", 1, 6, engineio.ErrBase64},
		{"invalid UTF-8", "4a\x1e4\xff", 0, 4, engineio.ErrUTF8},
		{"truncated UTF-8", "4\xe2\x82", 0, 1, engineio.ErrUTF8},
		{"overlong UTF-8", "4€\xc0\x80", 0, 4, engineio.ErrUTF8},
		{"surrogate in UTF-8", "4\xed\xa0\x80", 0, 1, engineio.ErrUTF8},
		{"empty packet of protocol 3", "-1:3", 0, 0, engineio.ErrType},
	} {
		t.Run(tt.name, func(t *testing.T) {
			packets := 0
			var err error
			for _, e := range engineio.DecodePayload([]byte(tt.body), 0) {
				require.NoError(t, err, "goes on after an error")
				if err = e; e == nil {
					packets++
				}
			}
			require.Equal(t, tt.packets, packets)
			require.ErrorIs(t, err, tt.cause)
			var syntax *engineio.SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.Equal(t, tt.offset, syntax.Offset)
		})
	}
}

func TestDecodePayloadMaxPackets(t *testing.T) {
	body := []byte("1\x1e2\x1e3")
	count := func(maxPackets int) (packets int, err error) {
		for _, err = range engineio.DecodePayload(body, maxPackets) {
			if err == nil {
				packets++
			}
		}
		return packets, err
	}
	for _, maxPackets := range []int{0, 3, 4} {
		packets, err := count(maxPackets)
		require.NoError(t, err)
		require.Equal(t, 3, packets)
	}
	packets, err := count(2)
	require.ErrorIs(t, err, engineio.ErrTooManyPackets)
	require.EqualError(t, err, "engineio: decode: offset 5: too many packets: 3, limit 2")
	require.Zero(t, packets, "the body is refused as a whole")
}

func TestDecodePayloadStops(t *testing.T) {
	for p, err := range engineio.DecodePayload([]byte("1\x1e2"), 0) {
		require.NoError(t, err)
		require.Equal(t, engineio.TypeClose, p.Type)
		break
	}
}

// Appending to a packet must not overwrite the next one.
func TestDecodePayloadKeepsPacketsApart(t *testing.T) {
	body := []byte("4a\x1e4b")
	for p, err := range engineio.DecodePayload(body, 0) {
		require.NoError(t, err)
		_ = append(p.Data, "overwritten"...)
	}
	require.Equal(t, "4a\x1e4b", string(body))
}

func TestDecodePayloadAllocates(t *testing.T) {
	const runs = 10 // of which the average is taken, without what else the program allocates now and then
	body := []byte(strings.Repeat("3\x1e", 12_000) + "3")
	packets := 0
	allocs := testing.AllocsPerRun(runs, func() {
		for range engineio.DecodePayload(body, 0) {
			packets++
		}
	})
	require.Equal(t, (1+runs)*12_001, packets) // one run more, to warm up
	require.Zero(t, allocs)
}

// Whoever keeps a small packet does not keep the body that it came in.
func TestDecodePayloadCopiesSmallParts(t *testing.T) {
	const most = 300
	body := []byte("4small\x1e4" + strings.Repeat("l", most) + "\x1e6")
	var parts []string
	var kept [][]byte
	for p, err := range engineio.DecodePayload(body, 0) {
		require.NoError(t, err)
		parts, kept = append(parts, string(p.Data)), append(kept, p.Data)
	}
	require.Equal(t, []string{"small", strings.Repeat("l", most), ""}, parts)
	clear(body)
	require.Equal(t, "small", string(kept[0]))
	require.Equal(t, make([]byte, most), kept[1], "no copy of what is most of the body")
}
