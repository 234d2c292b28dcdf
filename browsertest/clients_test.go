package browsertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/browsertest/scenario"
)

// run is one client's way through the scenario.
type run struct {
	server     peer
	transports []string
	report     func(scenario.Result)
	restart    func()
}

// A client is prepared in the goroutine of the test, and runs in one of its own.
var clients = []struct {
	name string
	play func(*testing.T, run) func(context.Context) error
}{
	{"Go native", playGoNative},
	{"Go wasm in Chromium", playGoWasm},
	{"official in Node", playOfficialInNode},
	{"official in Chromium", playOfficialInChromium},
}

func playGoNative(_ *testing.T, r run) func(context.Context) error {
	return func(ctx context.Context) error {
		scenario.Run(ctx, r.server.url(), r.transports, r.restart, r.report)
		return nil
	}
}

func playOfficialInNode(_ *testing.T, r run) func(context.Context) error {
	return func(ctx context.Context) error {
		return runNodeClient(ctx, func(line nodeLine) {
			if line.Restart {
				r.restart()
				return
			}
			r.report(line.Result)
		}, "scenario", r.server.url(), strings.Join(r.transports, ","))
	}
}

func playOfficialInChromium(t *testing.T, r run) func(context.Context) error {
	p := newClientPage(t, "official.html", r.report, r.restart)
	return func(context.Context) error {
		_, err := evaluate[chromedp.Void](p, fmt.Sprintf("scenario(%q, %q)", r.server.url(), strings.Join(r.transports, ",")))
		return errors.Join(err, p.exceptions())
	}
}

func playGoWasm(t *testing.T, r run) func(context.Context) error {
	p := newClientPage(t, "wasm.html", r.report, r.restart)
	return func(context.Context) error {
		err := runProgram(p, fmt.Sprintf("main('scenario', %q, %q)", r.server.url(), strings.Join(r.transports, ",")))
		return errors.Join(err, p.exceptions())
	}
}

// newClientPage opens a client's page, with the functions report and restart.
func newClientPage(t *testing.T, name string, report func(scenario.Result), restart func()) *page {
	base, err := pages()
	require.NoError(t, err)
	p := newPage(t)
	p.do(
		chromedp.ExposeFunc("report", func(_ context.Context, result scenario.Result) (chromedp.Void, error) {
			report(result)
			return chromedp.Void{}, nil
		}),
		chromedp.ExposeFunc("restart", func(_ context.Context, _ []any) (chromedp.Void, error) {
			restart()
			return chromedp.Void{}, nil
		}),
		chromedp.Navigate(base+"/"+name),
	)
	return p
}
