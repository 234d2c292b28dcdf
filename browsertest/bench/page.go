package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// pageLoad is the name that -only chooses the measures in a browser page by.
const pageLoad = "page"

// PageResult is what one measure found out about the clients in the page of one
// browser: the median of each. Zero means not measured.
type PageResult struct {
	Engine   string  `json:"engine"`
	Measure  string  `json:"measure"`
	Go       float64 `json:"go,omitempty"`       // our client, as wasm
	Official float64 `json:"official,omitempty"` // the official JavaScript client
	Plain    float64 `json:"plain,omitempty"`    // JavaScript on the browser's WebSocket that does not look into packets
}

// plan is what the page does, see page/page.js.
type plan struct {
	Server string `json:"server"` // its URL
	Rounds int    `json:"rounds"` // of each measure of events, in which all clients take turns
	Starts int    `json:"starts"` // rounds of starting the clients
	Events int    `json:"events"` // sent in a round by each client, a tenth of it with 1 in flight
}

func newPlan(quick bool) plan {
	if quick {
		return plan{Rounds: 1, Starts: 1, Events: 200}
	}
	return plan{Rounds: 7, Starts: 15, Events: 5_000}
}

// pageTimeout ends a browser whose page does not come to an end.
const pageTimeout = 5 * time.Minute

// runPages measures the clients in a page of each engine, all with the same server.
func runPages(ctx context.Context, engines []engine, p plan) (all []PageResult, err error) {
	dir, err := os.MkdirTemp("", "bench-page-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	wasm := filepath.Join(dir, "client.wasm")
	if err := buildClient(ctx, wasm); err != nil {
		return nil, err
	}
	s, err := start(ctx, ours, pageLoad)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	p.Server = "http://" + s.address
	for _, e := range engines {
		fmt.Fprintf(os.Stderr, "%s: %s\n", pageLoad, e.name)
		results, err := runPage(ctx, e, p, wasm, filepath.Join(dir, e.program))
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", pageLoad, e.name, err)
		}
		all = append(all, results...)
	}
	return all, nil
}

// buildClient compiles page/client as an application would ship it.
func buildClient(ctx context.Context, output string) error {
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", output, "./page/client")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", build, err, out)
	}
	return nil
}

// runPage opens the page in a browser with that profile, and returns what it reports.
func runPage(ctx context.Context, e engine, p plan, wasm, profile string) ([]PageResult, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, pageTimeout, errors.New("the page did not come to an end"))
	defer cancel()
	o, err := startOrigin(ctx, p, wasm)
	if err != nil {
		return nil, err
	}
	defer o.close()
	version, err := e.version(ctx)
	if err != nil {
		return nil, err
	}
	b, err := e.open(profile, o.url)
	if err != nil {
		return nil, err
	}
	defer b.close()
	var results []PageResult
	for {
		select {
		case r := <-o.reports:
			if r.err != nil || r.Done {
				return results, r.err
			}
			fmt.Fprintf(os.Stderr, "%s: %s: %s\n", pageLoad, e.name, r.Measure)
			results = append(results, r.result(e.name+" "+version))
		case <-b.ended:
			return nil, errors.New("the browser has ended before its page")
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// pageReport is what the page posts: one measure, that it is done, or why it cannot go on.
type pageReport struct {
	Measure string
	Samples map[string][]float64 // by client, one of each round
	Done    bool
	Error   string
	err     error // what went wrong, there or on the way
}

func decodeReport(body io.Reader) (r pageReport) {
	switch err := json.NewDecoder(body).Decode(&r); {
	case err != nil:
		r.err = fmt.Errorf("report of the page: %w", err)
	case r.Error != "":
		r.err = fmt.Errorf("the page: %s", r.Error)
	case !r.Done && (r.Measure == "" || len(r.Samples) == 0):
		r.err = errors.New("report of the page: nothing in it")
	}
	return r
}

func (r *pageReport) result(engine string) PageResult {
	return PageResult{
		Engine:   engine,
		Measure:  r.Measure,
		Go:       median(r.Samples["go"]),
		Official: median(r.Samples["official"]),
		Plain:    median(r.Samples["plain"]),
	}
}

// median returns the middle of the samples, 0 if there are none.
func median(samples []float64) float64 {
	sorted := slices.Sorted(slices.Values(samples))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
