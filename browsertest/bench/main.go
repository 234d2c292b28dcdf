// Command bench loads our server and its peers with the same work, each in a
// process of its own, and prints what it costs them in one table.
//
//	go run .               # everything, takes minutes; writes docs/benchmarks.*
//	go run . -quick        # everything for a moment, with few connections
//	go run . -only echo    # the loads with echo in their name
//	go run . -only page    # the clients in a browser page
//	go run . -server iso   # the servers with iso in their name
//	go run . -profile dir  # profiles of our server under load
//
// It runs on Linux, in its own folder, with the packages of ../node installed, and
// with Chromium and Firefox ESR for the page. It is a module of its own, so that
// what it measures against is not required of those who use the library.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"
)

// allServers are in the order of the table.
var allServers = []string{ours, node, limit}

func main() {
	if len(os.Args) == 4 && os.Args[1] == "serve" {
		exit(serve(os.Args[2], os.Args[3]))
	}
	quick := flag.Bool("quick", false, "run each load for a moment, with at most 100 connections")
	only := flag.String("only", "", "run only the loads with `text` in their name")
	server := flag.String("server", "", "run only the servers with `text` in their name")
	docs := flag.String("docs", "", "write the report to `directory`; without it, a whole run writes ../../docs")
	profiles := flag.String("profile", "", "write profiles of our server to `directory`, in place of a table")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()

	d := durations{warmUp: 500 * time.Millisecond, closed: 1500 * time.Millisecond, open: 2 * time.Second}
	if *quick {
		d = durations{warmUp: 20 * time.Millisecond, closed: 50 * time.Millisecond, open: 50 * time.Millisecond}
	}
	var chosen []load
	for _, l := range loads() {
		if *quick {
			l = l.small()
		}
		if strings.Contains(l.Name, *only) {
			chosen = append(chosen, l)
		}
	}
	if *profiles != "" {
		exit(profile(ctx, chosen, *profiles))
	}
	r := report{Machine: thisMachine()}
	var err error
	// The page comes first, so that a browser that is not there shows at once.
	if strings.Contains(pageLoad, *only) && strings.Contains(ours, *server) {
		if r.Page, err = runPages(ctx, engines, newPlan(*quick)); err != nil {
			exit(err)
		}
	}
	if r.Results, err = runAll(ctx, chosen, *server, d); err != nil {
		exit(err)
	}
	r.print(os.Stdout)
	if *docs == "" && !*quick && *only == "" && *server == "" {
		*docs = "../../docs"
	}
	if *docs != "" {
		err = r.write(*docs)
	}
	exit(errors.Join(err, lost(r.Results)))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// runAll runs each load against each server with that text in its name.
func runAll(ctx context.Context, loads []load, server string, d durations) (all []Result, err error) {
	for _, l := range loads {
		// The rows of a load that measures several things are sorted by thing.
		rows := make([][]Result, 0, len(allServers))
		for _, name := range allServers {
			if name == limit && !l.RawToo || !strings.Contains(name, server) {
				continue
			}
			fmt.Fprintf(os.Stderr, "%s: %s\n", l.Name, name)
			results, err := runOne(ctx, &l, name, d)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", l.Name, name, err)
			}
			rows = append(rows, results)
		}
		for i := 0; len(rows) > 0 && i < len(rows[0]); i++ {
			for _, results := range rows {
				all = append(all, results[i])
			}
		}
	}
	return all, nil
}

// runOne runs a load against a fresh server.
func runOne(ctx context.Context, l *load, name string, d durations) ([]Result, error) {
	s, err := start(ctx, name, l.Kind)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	results, err := l.run(ctx, l, s, d)
	for i := range results {
		r := &results[i]
		r.Server, r.Kind, r.InFlight = name, l.Kind, l.InFlight
		if r.Load == "" {
			r.Load = l.Name
		}
	}
	return results, err
}
