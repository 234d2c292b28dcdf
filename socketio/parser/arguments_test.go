package parser

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		name, array string
		want        []string
	}{
		{"empty", `[]`, nil},
		{"empty with space", "[ \t\r\n]", nil},
		{"scalars", `["a",-1.5e3,true,false,null]`, []string{`"a"`, `-1.5e3`, `true`, `false`, `null`}},
		{"space around", "[ \"a\" ,\n1\t, { } ]", []string{`"a"`, `1`, `{ }`}},
		{"nested", `[[1,[2,3]],{"a":{"b":[4,5]}},[]]`, []string{`[1,[2,3]]`, `{"a":{"b":[4,5]}}`, `[]`}},
		{"backslashes before quotes", `["\\",["\\\""],"\\\\","a\"\"\\"]`, []string{`"\\"`, `["\\\""]`, `"\\\\"`, `"a\"\"\\"`}},
		{"syntax within strings", `["],[","\"]",{"},{":"\\"}]`, []string{`"],["`, `"\"]"`, `{"},{":"\\"}`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, element := range Split(nil, []byte(tt.array)) {
				got = append(got, string(element))
				require.Equal(t, len(element), cap(element), "appending must not write into the next element")
			}
			require.Equal(t, tt.want, got)
		})
	}
}

// Nothing asks for it, but what is no array must not do harm.
func TestSplitInvalid(t *testing.T) {
	for _, text := range []string{``, `[`, `{}`, `[1`, `[1,`, `["a`, `[x]`, `[[x]`, `[[x]]`, `[1 2]`, `[1}`, `["\`, `["a\"`, `["\\\"`} {
		require.LessOrEqual(t, len(Split(nil, []byte(text))), 1, text)
	}
}

func TestSplitAppends(t *testing.T) {
	require.Equal(t, [][]byte{[]byte("0"), []byte("1"), []byte("2")}, Split([][]byte{[]byte("0")}, []byte(`[1,2]`)))
}
