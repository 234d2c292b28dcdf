package engineio_test

import (
	"bytes"
	"testing"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/stretchr/testify/require"
)

func FuzzDecode(f *testing.F) {
	for _, tt := range packets {
		f.Add(tt.message.Data, tt.message.Binary)
	}
	f.Add([]byte("bAQIDBA=="), false)
	f.Add([]byte("b4OHi"), false)
	f.Add([]byte("b===="), false)
	f.Fuzz(func(t *testing.T, data []byte, binary bool) {
		p, err := engineio.Decode(transport.Message{Data: data, Binary: binary})
		if err != nil {
			require.Zero(t, p)
			return
		}
		require.LessOrEqual(t, len(p.Data), len(data))
		again, err := engineio.Decode(engineio.Encode(p))
		require.NoError(t, err)
		require.Equal(t, p, again)
	})
}

func FuzzDecodePayload(f *testing.F) {
	for _, tt := range payloads {
		f.Add([]byte(tt.body))
	}
	f.Add([]byte("4a\x1e\x1e4b"))
	f.Add([]byte("4a\x1ebAQ*D"))
	f.Add([]byte("4\xe2\x82"))
	f.Fuzz(func(t *testing.T, body []byte) {
		var messages []transport.Message
		size := 0
		for p, err := range engineio.DecodePayload(body, 100) {
			if err != nil {
				require.Zero(t, p)
				return
			}
			size += len(p.Data)
			messages = append(messages, engineio.Encode(p))
		}
		require.LessOrEqual(t, size, len(body))
		require.LessOrEqual(t, len(messages), 100)

		encoded := engineio.AppendPayload(nil, messages...)
		if !bytes.ContainsRune(body, 'b') {
			require.Equal(t, string(body), string(encoded)) // without base64 there is one way to write it
		}
		i := 0
		for p, err := range engineio.DecodePayload(encoded, 0) {
			require.NoError(t, err)
			require.Equal(t, messages[i], engineio.Encode(p))
			i++
		}
		require.Len(t, messages, i)
	})
}

func FuzzParseHandshake(f *testing.F) {
	f.Add([]byte(handshakeText))
	f.Add([]byte(`{"sid":"a","pingInterval":1.5,"pingTimeout":2e9,"maxPayload":1e300}`))
	f.Add([]byte(`{"SID":"a","sid":"<\ud800>","upgrades":[],"pingInterval":1,"pingTimeout":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := engineio.ParseHandshake(data)
		if err != nil {
			require.ErrorIs(t, err, engineio.ErrHandshake)
			return
		}
		require.NotEmpty(t, h.SID)
		require.Positive(t, h.PingInterval)
		require.Positive(t, h.PingTimeout)
		require.Positive(t, h.PingInterval+h.PingTimeout)
		require.GreaterOrEqual(t, h.MaxPayload, 0)

		p, err := engineio.Decode(h.Encode())
		require.NoError(t, err)
		require.Equal(t, engineio.TypeOpen, p.Type)
		again, err := engineio.ParseHandshake(p.Data)
		require.NoError(t, err)
		require.Equal(t, h.SID, again.SID)
		require.ElementsMatch(t, h.Upgrades, again.Upgrades)
		require.Equal(t, h.PingInterval.Milliseconds(), again.PingInterval.Milliseconds())
		require.Equal(t, h.PingTimeout.Milliseconds(), again.PingTimeout.Milliseconds())
		require.Equal(t, h.MaxPayload, again.MaxPayload)
	})
}
