package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// flags keep the browser quiet and off the network. Timers and background tabs stay
// as users have them.
var flags = []chromedp.ExecAllocatorOption{
	chromedp.Headless,
	chromedp.NoSandbox,
	chromedp.NoFirstRun,
	chromedp.NoDefaultBrowserCheck,
	chromedp.DisableGPU,
	chromedp.Flag("disable-background-networking", true),
	chromedp.Flag("disable-breakpad", true),
	chromedp.Flag("disable-component-update", true),
	chromedp.Flag("disable-default-apps", true),
	chromedp.Flag("disable-dev-shm-usage", true),
	chromedp.Flag("disable-extensions", true),
	chromedp.Flag("disable-quic", true),
	chromedp.Flag("disable-sync", true),
	chromedp.Flag("hide-scrollbars", true),
	chromedp.Flag("metrics-recording-only", true),
	chromedp.Flag("mute-audio", true),
	chromedp.Flag("password-store", "basic"),
}

// runChromium opens the origin in a browser of its own and waits until the page
// reports the end of the program.
func (p *program) runChromium(ctx context.Context, o *origin) (code int, err error) {
	// The profile and whatever a killed browser leaves behind go with this directory.
	dir, err := os.MkdirTemp("", "wasmrun")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ctx, stop := chromedp.NewExecAllocator(ctx, append(flags, chromedp.UserDataDir(dir), chromedp.Env("TMPDIR="+dir))...)
	defer stop()
	tab, closeTab := chromedp.NewContext(ctx)
	defer closeTab()

	if err := chromedp.Do(tab); err != nil {
		return 0, fmt.Errorf("start Chromium: %w", err)
	}
	console := chromedp.Console(tab)
	printed := make(chan struct{})
	go func() { // ends with the browser
		defer close(printed)
		for m, err := range console {
			if err != nil || o.ended() {
				return
			}
			if m.Source == "" || m.Source == "security" { // no complaints about requests that fail
				fmt.Fprintf(p.err, "console.%s: %s\n", m.Type, m.Text)
			}
		}
	}()
	defer func() { closeTab(); stop(); <-printed }()

	if _, err := chromedp.Call(tab, page.Navigate, page.NavigateParams{URL: o.url}); err != nil {
		return 0, fmt.Errorf("open the page: %w", err)
	}
	select {
	case r := <-o.result:
		return r.code, r.err
	case <-tab.Done():
		return 0, fmt.Errorf("the browser ended before the program: %w", context.Cause(tab))
	}
}
