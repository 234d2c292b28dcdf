package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var someResults = []Result{
	{Load: "echo", Kind: "echo", InFlight: 32, Payload: 50, Server: ours, EventsPerSecond: 500_000, CPU: 2, Kernel: .75, Writes: .25},
	{Load: "echo", Kind: "echo", InFlight: 32, Payload: 50, Server: node, EventsPerSecond: 100_000, CPU: 11.04, Kernel: .5, Writes: 1, P50: 99.96},
	{Load: "broadcast", Kind: "cast", Receivers: 100, Payload: 50, Server: ours, CPU: 1.5},
	{Load: "broadcast 2", Kind: "cast", Receivers: 1000, Payload: 50, Server: ours, CPU: 1.25, Peak: 15_500_000},
	{Load: "burst", Kind: "texts", Server: ours, Emitted: 5000, Delivered: 5000, Payload: 100, Peak: 1_000_000, PeakRatio: 2},
	{Load: "burst", Kind: "texts", Server: node, Emitted: 5000, Delivered: 4999, Payload: 100},
	{Load: "100 held", Server: ours, Connections: 100, Memory: 12_345, Goroutines: 1, Handshakes: 1234},
}

func TestTable(t *testing.T) {
	var b strings.Builder
	writeTable(&b, someResults)
	require.Equal(t, `| load | server | all delivered | events/s | handshakes/s | server CPU µs | in kernel % | writes/event | p50 µs | p99 µs | p99.9 µs | KB/connection | goroutines/connection | peak MB | peak ÷ bytes |
|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
| echo | isosocket |  | 500,000 |  | 2.00 | 75.0 | 0.25 |  |  |  |  |  |  |  |
|  | Node |  | 100,000 (0.20×) |  | 11.0 (5.52×) | 50.0 | 1.00 (4.00×) | 100 |  |  |  |  |  |  |
| broadcast | isosocket |  |  |  | 1.50 |  |  |  |  |  |  |  |  |  |
| broadcast 2 | isosocket |  |  |  | 1.25 |  |  |  |  |  |  |  | 15.5 |  |
| burst | isosocket | yes, 5,000 |  |  |  |  |  |  |  |  |  |  | 1.00 | 2.00 |
|  | Node | **no**, 4,999 of 5,000 |  |  |  |  |  |  |  |  |  |  |  |  |
| 100 held | isosocket |  |  | 1,234 |  |  |  |  |  |  | 12.3 | 1.00 |  |  |
`, b.String())
}

func TestLost(t *testing.T) {
	require.EqualError(t, lost(someResults), "burst: Node: 4999 of 5000 events arrived")
	require.NoError(t, lost(someResults[:5]))
}

func TestSetCost(t *testing.T) {
	var r Result
	r.setCost(usage{user: 3 * time.Millisecond, kernel: time.Millisecond, writes: 500}, 1000)
	require.Equal(t, Result{CPU: 4, Kernel: .25, Writes: .5}, r)
	r = Result{}
	r.setCost(usage{}, 1000)
	require.Equal(t, Result{}, r, "too little to be counted")
}

func TestReportFiles(t *testing.T) {
	dir := t.TempDir()
	r := report{Machine: thisMachine(), Results: someResults}
	require.NoError(t, r.write(dir))

	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return data
	}
	var back report
	require.NoError(t, json.Unmarshal(read("benchmarks.json"), &back))
	require.Equal(t, r, back)
	require.Contains(t, string(read("benchmarks.md")), "| echo | isosocket |  | 500,000 |")

	circles := 0
	for d := xml.NewDecoder(strings.NewReader(string(read("benchmarks.svg")))); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if element, ok := token.(xml.StartElement); ok && element.Name.Local == "circle" {
			circles++
		}
	}
	const bursts = 2 // which no panel shows
	require.Equal(t, len(allServers)+len(someResults)-bursts, circles, "one in the legend for each server, and one for each other result")
}

func TestAxes(t *testing.T) {
	for name, tt := range map[string]struct {
		log    bool
		values []float64
		ticks  []float64
	}{
		"from zero":    {false, []float64{1.5, 8}, []float64{0, 2, 4, 6, 8, 10}},
		"small":        {false, []float64{0.3}, []float64{0, 0.1, 0.2, 0.3, 0.4}},
		"powers of 10": {true, []float64{2, 300}, []float64{1, 10, 100, 1000}},
	} {
		t.Run(name, func(t *testing.T) {
			p := panel{log: tt.log}
			for i, v := range tt.values {
				p.lines = append(p.lines, line{points: []point{{float64(i + 1), v}}})
			}
			_, y := p.axes()
			require.InDeltaSlice(t, tt.ticks, y.ticks, 1e-9)
			require.Equal(t, float64(panelHeight-bottom), y.at(y.low))
			require.Equal(t, float64(top), y.at(y.high))
		})
	}
}
