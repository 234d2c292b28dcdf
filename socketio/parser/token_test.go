package parser

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTokens(t *testing.T) {
	var mine, others tokens
	seen := make(map[string]bool)
	for _, i := range []int{0, 1, 25, 26, 31, 32, 1 << 20, 1<<30 - 1} {
		text := mine.append(nil, i)
		require.Len(t, text, tokenText)
		require.Regexp(t, `^[a-z0-5]+$`, string(text))
		require.False(t, seen[string(text)])
		seen[string(text)] = true

		var token [tokenBytes]byte
		mine.fill(token[:], i)
		require.Equal(t, string(text), base64.StdEncoding.EncodeToString(token[:]))
		number, ok := mine.numberOf(token[:])
		require.True(t, ok)
		require.Equal(t, i, number)

		_, ok = others.numberOf(token[:])
		require.False(t, ok, "tokens of other arguments are no tokens")
		_, ok = mine.number(text[1:])
		require.False(t, ok)
	}
	_, ok := new(tokens).number(make([]byte, tokenText))
	require.False(t, ok, "before any was made")
	others.append(nil, 0)
	require.NotEqual(t, mine.secret, others.secret)
}
