// Package scenario is what an application does with Socket.IO, row by row, run
// by the Go client. It compiles natively and for the browser; node/scenario.mjs
// is the same for the official client.
package scenario

import (
	"context"
	"time"
)

// Result tells how a row went.
type Result struct {
	Row          string `json:"row"`
	Error        string `json:"error,omitempty"` // empty when it passed
	Milliseconds int64  `json:"ms"`
}

// Rows returns the names of the rows in the order of their run.
func Rows() []string {
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r.name
	}
	return names
}

// Run goes through the rows against the server at url over the transports, and
// calls report after each. restart asks for the server to be killed and started
// again on its port; it does not wait for that.
func Run(ctx context.Context, url string, transports []string, restart func(), report func(Result)) {
	for _, r := range rows {
		start := time.Now()
		result := Result{Row: r.name}
		if err := perform(ctx, url, transports, restart, r.play); err != nil {
			result.Error = err.Error()
		}
		result.Milliseconds = time.Since(start).Milliseconds()
		report(result)
	}
}

// row is one thing that is proven. It runs on a goroutine of its own, which ends
// with the first check that fails.
type row struct {
	name string
	play func(*stage)
}
