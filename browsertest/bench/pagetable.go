package main

import (
	"fmt"
	"io"
)

// writePageTable writes the results as a table in Markdown.
func writePageTable(w io.Writer, results []PageResult) {
	fmt.Fprintln(w, "| browser | measure | Go client | official client | plain WebSocket | Go ÷ official |")
	fmt.Fprintln(w, "|---|---|---:|---:|---:|---:|")
	previous := ""
	for _, r := range results {
		name := r.Engine
		if name == previous {
			name = ""
		}
		previous = r.Engine
		ratio := ""
		if r.Go > 0 && r.Official > 0 {
			ratio = number(r.Go/r.Official) + "×"
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", name, r.Measure, number(r.Go), number(r.Official), number(r.Plain), ratio)
	}
}
