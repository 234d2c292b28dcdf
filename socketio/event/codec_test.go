package event_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/socketio/event"
)

// A string is what json.Unmarshal makes of it, whether it is taken as it stands or not.
func TestStringsAreThoseOfJSON(t *testing.T) {
	for _, data := range []string{
		`""`, `"a"`, `"grüße 🎉"`, `"a\nb"`, `"\""`, `"\\"`, `"\u00e9"`, `"\ud83d"`, `"<&>"`, "\"\u2028\"", "\"\x7f\"",
		"\"\xff\"", "\"\xed\xa0\x80\"", "\"a\tb\"", "\"\x00\"", `"`, `"a`, `a"`, `"a"b"`, `" "`, ` "a" `, `null`, `12`, `{}`, ``,
	} {
		want, got := "before", "before"
		wantErr, gotErr := json.Unmarshal([]byte(data), &want), event.JSON{}.Unmarshal([]byte(data), &got)
		require.Equal(t, wantErr, gotErr, "%q", data)
		require.Equal(t, want, got, "%q", data)
	}
}
