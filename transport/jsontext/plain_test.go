package jsontext

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// plainBytes is Plain, one byte at a time.
func plainBytes(text []byte) int {
	for i, b := range text {
		if b < ' ' || b == '"' || b == '\\' {
			return i
		}
	}
	return len(text)
}

// Every byte, at every place of a text that is read in blocks, words and bytes.
func TestPlain(t *testing.T) {
	for size := range 80 {
		text := bytes.Repeat([]byte("#"), size)
		require.Equal(t, size, Plain(text))
		for i := range text {
			for b := range 256 {
				text[i] = byte(b)
				if got, want := Plain(text), plainBytes(text); got != want {
					require.Equal(t, want, got, "%q", text)
				}
			}
			text[i] = "#!\xff[]\x7f~ "[i%8] // neighbours of those that are found
		}
	}
}

// FuzzPlain compares with the loop.
func FuzzPlain(f *testing.F) {
	f.Add([]byte(`hello, "world"`))
	f.Add([]byte("\x80\xff !#[]\x1f\x20\x21\x22\x23\x5b\x5c\x5d\x7f"))
	f.Add(append(bytes.Repeat([]byte("grüße "), 20), '\\'))
	f.Fuzz(func(t *testing.T, text []byte) {
		for i := range text {
			require.Equal(t, plainBytes(text[i:]), Plain(text[i:]), "%q", text[i:])
		}
	})
}
