package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Result is what one load found out about one server. Zero means not measured.
type Result struct {
	Load   string `json:"load"`
	Kind   string `json:"kind"`
	Server string `json:"server"`

	Connections int `json:"connections,omitempty"`
	InFlight    int `json:"inFlight,omitempty"`
	Receivers   int `json:"receivers,omitempty"` // of one event
	Payload     int `json:"payloadBytes,omitempty"`

	Emitted   int `json:"emitted,omitempty"`   // events of a burst, once for each receiver
	Delivered int `json:"delivered,omitempty"` // of Emitted

	EventsPerSecond float64 `json:"eventsPerSecond,omitempty"` // received by clients
	Handshakes      float64 `json:"handshakesPerSecond,omitempty"`
	CPU             float64 `json:"cpuMicroseconds"`       // of the server for an event, or for a handshake
	Kernel          float64 `json:"kernelShare,omitempty"` // of CPU, 0 to 1
	Writes          float64 `json:"writeCalls,omitempty"`  // system calls of the server for an event, or for a handshake
	P50             float64 `json:"p50Microseconds,omitempty"`
	P99             float64 `json:"p99Microseconds,omitempty"`
	P999            float64 `json:"p999Microseconds,omitempty"`
	Memory          float64 `json:"bytesPerConnection,omitempty"` // resident
	Goroutines      float64 `json:"goroutinesPerConnection,omitempty"`
	Peak            float64 `json:"peakBytes,omitempty"` // resident, at most, above what was before the load
	PeakRatio       float64 `json:"peakRatio,omitempty"` // of Peak to the bytes that Emitted is
}

// setCost divides what the server has used for a number of events, or of handshakes.
func (r *Result) setCost(used usage, events int64) {
	cpu := used.user + used.kernel
	r.CPU = micros(cpu) / float64(events)
	r.Writes = float64(used.writes) / float64(events)
	if cpu > 0 {
		r.Kernel = float64(used.kernel) / float64(cpu)
	}
}

func (r *Result) setLatency(h *histogram) {
	r.P50, r.P99, r.P999 = micros(h.quantile(.5)), micros(h.quantile(.99)), micros(h.quantile(.999))
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// columns are what the table shows of a result.
var columns = []struct {
	title string
	value func(r *Result) float64
}{
	{"events/s", func(r *Result) float64 { return r.EventsPerSecond }},
	{"handshakes/s", func(r *Result) float64 { return r.Handshakes }},
	{"server CPU µs", func(r *Result) float64 { return r.CPU }},
	{"in kernel %", func(r *Result) float64 { return 100 * r.Kernel }},
	{"writes/event", func(r *Result) float64 { return r.Writes }},
	{"p50 µs", func(r *Result) float64 { return r.P50 }},
	{"p99 µs", func(r *Result) float64 { return r.P99 }},
	{"p99.9 µs", func(r *Result) float64 { return r.P999 }},
	{"KB/connection", func(r *Result) float64 { return r.Memory / 1000 }},
	{"goroutines/connection", func(r *Result) float64 { return r.Goroutines }},
	{"peak MB", func(r *Result) float64 { return r.Peak / 1e6 }},
	{"peak ÷ bytes", func(r *Result) float64 { return r.PeakRatio }},
}

// writeTable writes the results as a table in Markdown. The figures of a peer are
// followed by their ratio to ours in the same load.
func writeTable(w io.Writer, results []Result) {
	head, rule := "| load | server | all delivered |", "|---|---|---|"
	for _, c := range columns {
		head += " " + c.title + " |"
		rule += "---:|"
	}
	fmt.Fprintln(w, head)
	fmt.Fprintln(w, rule)
	ourResults := make(map[string]*Result)
	for i := range results {
		r := &results[i]
		name, own := "", ourResults[r.Load]
		if own == nil {
			name = r.Load
		}
		if r.Server == ours {
			ourResults[r.Load] = r
		}
		fmt.Fprintf(w, "| %s | %s | %s |", name, r.Server, r.arrived())
		for _, c := range columns {
			cell := number(c.value(r))
			if own != nil && c.value(own) > 0 && c.value(r) > 0 && !strings.HasSuffix(c.title, "%") {
				cell += " (" + number(c.value(r)/c.value(own)) + "×)"
			}
			fmt.Fprintf(w, " %s |", cell)
		}
		fmt.Fprintln(w)
	}
}

// arrived says whether all events of a burst have arrived, and how many; nothing for
// another load.
func (r *Result) arrived() string {
	switch {
	case r.Emitted == 0:
		return ""
	case r.Delivered == r.Emitted:
		return "yes, " + thousands(float64(r.Emitted))
	}
	return fmt.Sprintf("**no**, %s of %s", thousands(float64(r.Delivered)), thousands(float64(r.Emitted)))
}

// lost returns an error for each burst that did not arrive.
func lost(results []Result) error {
	var errs []error
	for _, r := range results {
		if r.Delivered < r.Emitted {
			errs = append(errs, fmt.Errorf("%s: %s: %d of %d events arrived", r.Load, r.Server, r.Delivered, r.Emitted))
		}
	}
	return errors.Join(errs...)
}

// number writes three significant digits; nothing for zero.
func number(v float64) string {
	switch {
	case v == 0:
		return ""
	case v < 9.995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return thousands(v)
}

// thousands writes an integer with a comma at each third digit.
func thousands(v float64) string {
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
