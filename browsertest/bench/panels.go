package main

import (
	"fmt"
	"strings"
)

// panels show what the results say about growth.
func panels(results []Result) []panel {
	bytes := func(x float64) string {
		if x >= 1024 {
			return fmt.Sprintf("%.0f KB", x/1024)
		}
		return fmt.Sprintf("%.0f B", x)
	}
	count := func(x float64) string {
		if x >= 10_000 {
			return fmt.Sprintf("%.0fk", x/1000)
		}
		return thousands(x)
	}
	payload := func(r *Result) float64 { return float64(r.Payload) }
	cpu := func(r *Result) float64 { return r.CPU }
	return []panel{
		{
			title: "Echo, 32 in flight", unit: "server CPU per event (µs) by payload", log: true, size: bytes,
			lines: lines(results, func(r *Result) bool { return r.Kind == "echo" && r.InFlight == 32 }, payload, cpu),
		},
		{
			title: "Broadcast", unit: "server CPU per delivery (µs) by receivers", size: count,
			lines: lines(results, func(r *Result) bool { return r.Kind == "cast" && r.Payload == 50 }, func(r *Result) float64 { return float64(r.Receivers) }, cpu),
		},
		{
			title: "Idle connections", unit: "resident KB per connection by connections", size: count,
			lines: lines(results, func(r *Result) bool { return strings.HasSuffix(r.Load, " "+holdName) }, func(r *Result) float64 { return float64(r.Connections) },
				func(r *Result) float64 { return r.Memory / 1000 }),
		},
	}
}

// lines returns a line for each server, through the results that are wanted.
func lines(results []Result, wanted func(r *Result) bool, x, y func(r *Result) float64) []line {
	var all []line
	for _, server := range allServers {
		l := line{server: server}
		for i := range results {
			if r := &results[i]; r.Server == server && wanted(r) {
				l.points = append(l.points, point{x(r), y(r)})
			}
		}
		all = append(all, l)
	}
	return all
}
