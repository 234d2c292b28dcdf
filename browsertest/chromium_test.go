package browsertest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// patience ends a test that hangs. No test waits for it to pass.
const patience = 60 * time.Second

// elsewhere is a name by which the browser finds this machine without knowing it.
const elsewhere = "elsewhere.test"

// chromium is the browser of the whole package. The context has no timeout,
// because the browser ends with it.
var chromium = sync.OnceValues(func() (context.Context, error) {
	dir, err := os.MkdirTemp("", "browsertest-chromium-")
	if err != nil {
		return nil, err
	}
	cleanups = append(cleanups, func() { os.RemoveAll(dir) })
	ctx, stopAllocator := chromedp.NewExecAllocator(context.Background(),
		chromedp.Headless,
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.NoFirstRun,
		chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-default-apps", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-extensions", true),
		chromedp.Flag("disable-breakpad", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("host-resolver-rules", "MAP "+elsewhere+" 127.0.0.1"),
		chromedp.Flag("metrics-recording-only", true),
		chromedp.Flag("password-store", "basic"),
		chromedp.UserDataDir(dir),
		chromedp.Env("TMPDIR="+dir),
		chromedp.WindowSize(1100, 800),
	)
	cleanups = append(cleanups, stopAllocator)
	ctx, stopBrowser := chromedp.NewContext(ctx)
	cleanups = append(cleanups, stopBrowser)
	return ctx, chromedp.Do(ctx)
})

// page is a tab of the browser, closed at the end of its test. It has cookies
// and storage of its own.
type page struct {
	t       *testing.T
	ctx     context.Context
	console func() ([]chromedp.ConsoleMessage, error)
}

// newPage opens an empty tab.
func newPage(t *testing.T) *page {
	t.Helper()
	browser, err := chromium()
	require.NoError(t, err, "Chromium starts")
	ctx, closeTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	require.NoError(t, chromedp.Do(ctx))

	const end = "browsertest: end of the console"
	messages := chromedp.Console(ctx)
	p := &page{t: t, ctx: ctx}
	p.console = sync.OnceValues(func() (all []chromedp.ConsoleMessage, err error) {
		if _, err := evaluate[chromedp.Void](p, `console.log("`+end+`")`); err != nil {
			return nil, err
		}
		for m, err := range messages {
			if err != nil {
				return nil, err
			}
			if m.Text == end {
				break
			}
			all = append(all, m)
		}
		return all, nil
	})
	return p
}

// do runs the steps in the page, in the goroutine of the test.
func (p *page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	require.NoError(p.t, chromedp.Do(ctx, steps...))
}

// evaluate is the value of an expression in the page, or what its promise holds.
func evaluate[T any](p *page, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// exceptions is an error when something was thrown in the page that nobody
// caught. It reads the console, which ends with that.
func (p *page) exceptions() error {
	messages, err := p.console()
	if err != nil {
		return err
	}
	for _, m := range messages {
		// Go's wasm_exec.js does not throw for a callback that was released.
		if m.IsException() || strings.Contains(m.Text, "call to released function") {
			return fmt.Errorf("browsertest: uncaught in the page: %s", m.Text)
		}
	}
	return nil
}

// errors is like exceptions, and counts every error in the console but those that
// Chromium itself writes for a request that found no server.
func (p *page) errors() error {
	messages, err := p.console()
	if err != nil {
		return err
	}
	for _, m := range messages {
		if m.Type == chromedp.ConsoleError && !strings.Contains(m.Text, "net::ERR_CONNECTION_REFUSED") {
			return fmt.Errorf("browsertest: error in the console: %s", m.Text)
		}
	}
	return p.exceptions()
}
