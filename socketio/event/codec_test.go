package event_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
)

// A string is what json.Unmarshal makes of it, whether it is taken as it stands or
// not. What that refuses does not come through a parser.
func TestStringsAreThoseOfJSON(t *testing.T) {
	for _, data := range []string{
		`""`, `"a"`, `"grüße 🎉"`, `"a\nb"`, `"\""`, `"\\"`, `"\u00e9"`, `"\ud83d"`, `"<&>"`, "\"\u2028\"", "\"\x7f\"",
		"\"\xff\"", "\"\xed\xa0\x80\"", "\"a\tb\"", "\"\x00\"", `"`, `"a`, `a"`, `"a"b"`, `" "`, ` "a" `, `null`, `12`, `{}`, ``,
	} {
		var want string
		wantErr := json.Unmarshal([]byte(data), &want)
		var d parser.Decoder
		p, _, err := d.Text([]byte(`2["x",` + data + `]`))
		if _, malformed := wantErr.(*json.SyntaxError); malformed {
			require.ErrorIs(t, err, parser.ErrJSON, "%q", data)
			continue
		}
		require.NoError(t, err, "%q", data)
		m, err := event.NewMessage(&p, nil, nil)
		require.NoError(t, err)
		var got string
		err = m.Decode(&got)
		require.Equal(t, wantErr == nil, err == nil, "%q: %v", data, err)
		require.Equal(t, want, got, "%q", data)
	}
}

func TestDecodeIntoANilString(t *testing.T) {
	p := parser.Packet{Type: parser.Event, Data: []byte(`["x","a"]`)}
	m, err := event.NewMessage(&p, nil, nil)
	require.NoError(t, err)
	var invalid *json.InvalidUnmarshalError
	require.ErrorAs(t, m.Decode((*string)(nil)), &invalid)
}
