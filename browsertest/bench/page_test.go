package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMedian(t *testing.T) {
	for name, tt := range map[string]struct {
		samples []float64
		want    float64
	}{
		"none":     {nil, 0},
		"one":      {[]float64{3}, 3},
		"odd":      {[]float64{9, 1, 2}, 2},
		"even":     {[]float64{4, 1, 9, 2}, 3},
		"repeated": {[]float64{5, 5, 1, 5}, 5},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, tt.want, median(tt.samples)) })
	}
}

func TestPageReport(t *testing.T) {
	r := decodeReport(strings.NewReader(`{"measure":"echo","samples":{"go":[3,1,2],"official":[4],"plain":[]}}`))
	require.NoError(t, r.err)
	require.False(t, r.Done)
	require.Equal(t, PageResult{Engine: "Firefox 1", Measure: "echo", Go: 2, Official: 4}, r.result("Firefox 1"))

	r = decodeReport(strings.NewReader(`{"done":true}`))
	require.NoError(t, r.err)
	require.True(t, r.Done)
}

func TestPageReportFails(t *testing.T) {
	for body, want := range map[string]string{
		`{"error":"Error: no\n at page.js"}`:    "the page: Error: no\n at page.js",
		`{}`:                                    "nothing in it",
		`{"measure":"echo","samples":{}}`:       "nothing in it",
		`{"samples":{"go":[1]}}`:                "nothing in it",
		`{"measure":"echo","samples":{"go":[1]`: "unexpected EOF",
		``:                                      "EOF",
	} {
		t.Run(body, func(t *testing.T) {
			r := decodeReport(strings.NewReader(body))
			require.ErrorContains(t, r.err, want)
		})
	}
}

func TestPageTable(t *testing.T) {
	var b strings.Builder
	writePageTable(&b, []PageResult{
		{Engine: "Chromium 1", Measure: "compiled, ms", Go: 20, Official: 4},
		{Engine: "Chromium 1", Measure: "to main, ms", Go: 1.5},
		{Engine: "Firefox 2", Measure: "echo, events/s", Go: 12_000, Official: 10_000, Plain: 15_000},
	})
	require.Equal(t, `| browser | measure | Go client | official client | plain WebSocket | Go ÷ official |
|---|---|---:|---:|---:|---:|
| Chromium 1 | compiled, ms | 20.0 | 4.00 |  | 5.00× |
|  | to main, ms | 1.50 |  |  |  |
| Firefox 2 | echo, events/s | 12,000 | 10,000 | 15,000 | 1.20× |
`, b.String())
}

// The page runs to its end in Chromium, which the other tests of browsers need too.
func TestPage(t *testing.T) {
	results, err := runPages(t.Context(), engines[:1], plan{Rounds: 1, Starts: 1, Events: 100})
	require.NoError(t, err)
	require.Len(t, results, 9)
	for _, r := range results {
		require.Regexp(t, `^Chromium \d+$`, r.Engine)
		require.Positive(t, r.Go, r.Measure)
		if strings.Contains(r.Measure, "connected") || strings.Contains(r.Measure, "echo") {
			require.Positive(t, r.Official, r.Measure)
			require.Positive(t, r.Plain, r.Measure)
		}
	}
}

func TestPageWithoutBrowser(t *testing.T) {
	missing := engine{name: "None", program: "no-such-browser", args: engines[0].args}
	_, err := runPage(t.Context(), missing, plan{}, "", t.TempDir())
	require.ErrorContains(t, err, ".ci/deps.sh bench installs it")
}
