package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReport(t *testing.T) {
	for name, tc := range map[string]struct {
		lines []string
		good  bool
		shows []string
		hides []string
	}{
		"pass": {
			lines: []string{
				`{"Action":"output","Package":"p","Test":"T","Output":"chatter\n"}`,
				`{"Action":"output","Package":"p","Test":"T","Output":"| a | table |\n"}`,
				`{"Action":"pass","Package":"p","Test":"T"}`,
				`{"Action":"pass","Package":"p","Elapsed":1.5}`,
			},
			good: true, shows: []string{"| a | table |", "ok       1.5s  p"}, hides: []string{"chatter"},
		},
		"fail": {
			lines: []string{
				`{"Action":"output","Package":"p","Test":"T","Output":"why it failed\n"}`,
				`{"Action":"fail","Package":"p","Test":"T"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			shows: []string{"why it failed", "FAIL"},
		},
		"skip": {
			lines: []string{
				`{"Action":"output","Package":"p","Test":"T","Output":"no browser\n"}`,
				`{"Action":"pass","Package":"p","Test":"U"}`,
				`{"Action":"skip","Package":"p","Test":"T"}`,
				`{"Action":"pass","Package":"p"}`,
			},
			shows: []string{"no browser"},
		},
		"panic": {
			lines: []string{
				`{"Action":"output","Package":"p","Test":"T","Output":"panic: boom\n"}`,
				`{"Action":"pass","Package":"p","Test":"U"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			shows: []string{"panic: boom"},
		},
		"does not build": {
			lines: []string{
				`{"Action":"pass","Package":"q","Test":"T"}`,
				`{"ImportPath":"p","Action":"build-output","Output":"undefined: x\n"}`,
				`{"ImportPath":"p","Action":"build-fail"}`,
			},
			shows: []string{"undefined: x"},
		},
		"nothing ran": {lines: []string{`{"Action":"pass","Package":"p"}`}},
		"not go test": {lines: []string{"go: no such tool"}, shows: []string{"no such tool"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			r := &report{out: &out, output: make(map[string][]string)}
			require.NoError(t, r.read(strings.NewReader(strings.Join(tc.lines, "\n"))))
			require.Equal(t, tc.good, r.good())
			for _, s := range tc.shows {
				require.Contains(t, out.String(), s)
			}
			for _, s := range tc.hides {
				require.NotContains(t, out.String(), s)
			}
		})
	}
}
