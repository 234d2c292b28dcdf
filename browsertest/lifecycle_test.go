package browsertest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// surroundings are the events that a page may get at any time, also when the
// program in it has ended.
const surroundings = `
	for (const event of [
		new Event("offline"), new Event("online"),
		new PageTransitionEvent("pagehide", { persisted: true }), new PageTransitionEvent("pageshow", { persisted: true }),
	]) window.dispatchEvent(event);
	document.dispatchEvent(new Event("visibilitychange"));`

// TestProgramEnds runs the client in a page until its main function returns, as
// each cell of the matrix with a Go client in Chromium does.
func TestProgramEnds(t *testing.T) {
	tests := []struct {
		name      string
		url       string
		arguments string
	}{
		{"many connections", newGoServer(t).url(), `"stress", %q, "polling,websocket", "20", "5"`},
		{"not connected", nobody(t).url, `"dial", %q, "polling"`},
		{"not connected, WebSocket", nobody(t).url, `"dial", %q, "websocket"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newClientPage(t, "wasm.html", nil, func() {})
			require.NoError(t, runProgram(p, fmt.Sprintf("main("+test.arguments+")", test.url)))
		})
	}
}

// runProgram evaluates the call of a program in the page, which runs until its main
// function returns. It has taken back then all that it lent to the page, so that
// no event enters it any more.
func runProgram(p *page, call string) error {
	code, err := evaluate[int](p, call)
	if err != nil {
		return err
	}
	if code != 0 {
		messages, err := p.console()
		return errors.Join(fmt.Errorf("browsertest: the program ended with code %d: %v", code, messages), err)
	}
	lent, err := evaluate[[]string](p, `ledger.outstanding()`)
	if err != nil {
		return err
	}
	if len(lent) > 0 {
		return fmt.Errorf("browsertest: the program did not take back: %s", strings.Join(lent, ", "))
	}
	if _, err := evaluate[chromedp.Void](p, surroundings); err != nil {
		return err
	}
	return p.exceptions()
}

// TestSurroundings shows a connected program the network going and coming back,
// and the page being left and restored. It reconnects at once: its delay is an hour.
func TestSurroundings(t *testing.T) {
	server := newGoServer(t)
	// A client takes no notice of the network when the server is on its own machine.
	url := strings.Replace(server.url(), "127.0.0.1", elsewhere, 1)
	for _, transports := range []string{"polling", "websocket", "polling,websocket"} {
		t.Run(transports, func(t *testing.T) {
			p := newClientPage(t, "wasm.html", nil, nil)
			p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`window.ended = main("stay", %q, %q)`, url, transports)))
			logged := func(want string) {
				t.Helper()
				_, err := chromedp.Run(p.ctx, chromedp.Poll[bool](`window.log?.join() === "`+want+`"`, chromedp.WithPollingTimeout(patience)))
				if err != nil {
					got, _ := evaluate[[]string](p, `window.log`)
					require.NoError(t, err, "want %s, got %v", want, got)
				}
			}
			logged("connected")
			lent, err := evaluate[[]string](p, `ledger.outstanding()`)
			require.NoError(t, err)
			require.Contains(t, lent, "listener for pagehide of Window", "the ledger sees what a program lends")
			p.do(chromedp.Evaluate[chromedp.Void](`window.dispatchEvent(new Event("offline"))`))
			logged("connected,transport close")
			p.do(chromedp.Evaluate[chromedp.Void](`window.dispatchEvent(new Event("online"))`))
			logged("connected,transport close,connected")
			p.do(chromedp.Evaluate[chromedp.Void](`window.dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }))`))
			logged("connected,transport close,connected,transport close")
			p.do(chromedp.Evaluate[chromedp.Void](`window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))`))
			logged("connected,transport close,connected,transport close,connected")

			require.NoError(t, runProgram(p, `finish(), ended`))
		})
	}
}
