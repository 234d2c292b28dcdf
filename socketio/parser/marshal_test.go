package parser_test

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
		p, err := decode(`2["x",` + data + `]`)
		if _, malformed := wantErr.(*json.SyntaxError); malformed {
			require.ErrorIs(t, err, parser.ErrJSON, "%q", data)
			continue
		}
		require.NoError(t, err, "%q", data)
		var got string
		err = event.NewMessage(parser.JSON{}, p, nil).Decode(&got)
		require.Equal(t, wantErr == nil, err == nil, "%q: %v", data, err)
		require.Equal(t, want, got, "%q", data)
	}
}

func TestDecodeIntoANilString(t *testing.T) {
	require.ErrorIs(t, message(t, `"a"`).Decode((*string)(nil)), parser.ErrTarget)
}

// A json.RawMessage takes and gives JSON as it is.
func TestRawMessage(t *testing.T) {
	for _, text := range []string{`{"a": [1, "b"]}`, `"a\u0062"`, `null`, `12`} {
		raw := json.RawMessage("before")
		require.NoError(t, message(t, " "+text+" ").Decode(&raw))
		require.Equal(t, text, string(raw))
	}
}
