package jsontext

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

var texts = []string{
	``, ` `, `null`, `true`, `fals`, `12`, `-0`, `-`, `01`, `1.`, `1.5e+3`, `1e`, `"a"`, `"a`, `"\u00e9"`, `"\u00g9"`, `"\x"`, "\"\x1f\"",
	`[]`, `[ ]`, `[1,2 ,"x"]`, `[1,]`, `[,1]`, `[1 2]`, `[`, `]`, `{}`, `{ "a" : 1 , "b" : [ { } ] }`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `{"a":1 "b":2}`, `{"a":1}}`, `1 2`, ` {"a":"]}"} `,
	`{"a":1,"a":2}`, `{"":"","\u0061b":"\"\\"}`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ude00x"`, "\"\xff\"", "\"\xe2\x80\xa8\"", `["a\\","b\""]`,
}

// What encoding/json says is right.
func check(t *testing.T, text []byte) {
	deep := strings.Count(string(text), "[")+strings.Count(string(text), "{") > 1000
	if !deep {
		require.Equal(t, json.Valid(text), Valid(text, 1000), "%q", text)
	}
	if !json.Valid(text) || deep {
		require.NotPanics(t, func() { Members(text, func(string, []byte) bool { return true }) })
		return
	}
	start := SkipSpace(text, 0)
	end := SkipValue(text, start)
	require.Equal(t, len(text), SkipSpace(text, end), "%q", text)
	var s string
	if text[start] == '"' && json.Unmarshal(text, &s) == nil {
		require.Equal(t, s, Unquote(text[start:end]), "%q", text)
		again := AppendQuoted([]byte("x"), s)
		require.True(t, utf8.Valid(again))
		require.Equal(t, s, Unquote(again[1:]), "%q", text)
	}
	if text[start] == '[' {
		elements, more := Split(nil, text[start:], -1)
		require.False(t, more)
		var want []json.RawMessage
		require.NoError(t, json.Unmarshal(text, &want))
		require.Len(t, elements, len(want), "%q", text)
		for i := range want {
			require.Equal(t, string(want[i]), string(elements[i]), "%q", text)
		}
	}
	var want map[string]json.RawMessage
	got := make(map[string]json.RawMessage)
	ok := Members(text, func(name string, value []byte) bool {
		got[name] = value
		return true
	})
	require.Equal(t, text[start] == '{', ok, "%q", text)
	if ok {
		require.NoError(t, json.Unmarshal(text, &want))
		require.Equal(t, want, got, "%q", text)
	}
}

func TestValues(t *testing.T) {
	for _, text := range texts {
		check(t, []byte(text))
	}
}

func FuzzValues(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(check)
}

func TestValidBoundsDepth(t *testing.T) {
	for depth := range 5 {
		text := []byte(strings.Repeat(`[`, depth) + strings.Repeat(`]`, depth))
		require.Equal(t, depth > 0, Valid(text, depth), "%s", text)
		require.False(t, Valid(text, depth-1), "%s", text)
	}
	require.False(t, Valid([]byte(strings.Repeat("[", 1e6)), 100))
}

func TestMembersEnds(t *testing.T) {
	var names []string
	require.False(t, Members([]byte(`{"a":1,"b":2,"c":3}`), func(name string, _ []byte) bool {
		names = append(names, name)
		return name != "b"
	}))
	require.Equal(t, []string{"a", "b"}, names)
}

func TestAppendQuoted(t *testing.T) {
	for s, want := range map[string]string{
		"": `""`, "a": `"a"`, "grüße 🎉": `"grüße 🎉"`, "\"\\\b\f\n\r\t\x00\x1f\x7f": `"\"\\\b\f\n\r\t\u0000\u001f` + "\x7f\"",
		"<&>\u2028": "\"<&>\u2028\"", "a\xffb\xc3": `"a\ufffdb\ufffd"`, "é\n": `"é\n"`,
	} {
		require.Equal(t, want, string(AppendQuoted(nil, s)))
	}
}

func TestReplaceLoneSurrogates(t *testing.T) {
	for text, want := range map[string]string{
		`"\ud83d\ude00"`: `"\ud83d\ude00"`, `"\ud83d"`: `"\ufffd"`, `"\ude00\ud83d"`: `"\ufffd\ufffd"`, `"\\ud83d"`: `"\\ud83d"`, `"\ud83d\n"`: `"\ufffd\n"`, `"\u0061"`: `"\u0061"`,
	} {
		b := []byte(text)
		ReplaceLoneSurrogates(b)
		require.Equal(t, want, string(b))
	}
}
