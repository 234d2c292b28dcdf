//go:build js

// Command wasm is the scenario's Go client in a page, see browsertest/pages/wasm.html.
//
//	scenario scenario <url> <transports>
//	scenario stress <url> <transports> <count> <width>
//	scenario dial <url> <transports>
//	scenario stay <url> <transports>
//	scenario recover <url> <transports>
//	scenario outlast <url> <transports>
//	scenario weather <url> <transports> <connections>
//
// The test defines the functions that it calls in the page: report takes the
// result of a row, restart kills the server and starts it again, or freezes it and
// thaws it for outlast. What dial found is the variable verdict of the page. With stay the program is connected until
// the page calls finish; its variable log tells what happened. Errors are written to standard error,
// which is the console, and make the exit code 1.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall/js"

	"github.com/isosocket/isosocket/browsertest/scenario"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) < 3 {
		return errors.New("usage: scenario <mode> <url> <transports> …")
	}
	mode, url, transports := args[0], args[1], strings.Split(args[2], ",")
	switch {
	case mode == "scenario":
		scenario.Run(ctx, url, transports, func() { js.Global().Call("restart") }, report)
		return nil
	case mode == "stress" && len(args) == 5:
		count, err := strconv.Atoi(args[3])
		if err != nil {
			return err
		}
		width, err := strconv.Atoi(args[4])
		if err != nil {
			return err
		}
		return scenario.Stress(ctx, url, transports, count, width)
	case mode == "recover":
		return scenario.Recover(ctx, url, transports)
	case mode == "weather" && len(args) == 4:
		connections, err := strconv.Atoi(args[3])
		if err != nil {
			return err
		}
		return scenario.Weather(ctx, url, transports, connections, slices.Contains(transports, "polling"))
	case mode == "outlast":
		restart := func() { js.Global().Call("restart") }
		return scenario.Outlast(ctx, url, transports, restart, restart)
	case mode == "stay":
		return stay(ctx, url, transports)
	case mode == "dial":
		verdict, err := scenario.Dial(ctx, url, transports, func() { js.Global().Call("restart") })
		if err != nil {
			return err
		}
		js.Global().Set("verdict", map[string]any{
			"error": verdict.Error, "again": verdict.Again, "connected": verdict.Connected, "upgrade": verdict.Upgrade,
		})
		return nil
	}
	return fmt.Errorf("scenario: no mode %q", mode)
}

// report tells the test of a row, and waits until it knows: behind the last one the
// program ends, and that must not be known before.
func report(r scenario.Result) {
	known := make(chan struct{})
	done := js.FuncOf(func(js.Value, []js.Value) any {
		close(known)
		return nil
	})
	defer done.Release()
	js.Global().Call("report", map[string]any{"row": r.Row, "error": r.Error, "ms": r.Milliseconds}).Call("finally", done)
	<-known
}
