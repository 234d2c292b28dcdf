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

// peer is a server under test.
type peer interface {
	url() string
	// restart kills the server, so that its connections break, and starts it again on its port.
	restart() error
}

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

var servers = []struct {
	name  string
	start func(*testing.T) peer
}{
	{"Go server", func(t *testing.T) peer { return newGoServer(t) }},
	{"official server", func(t *testing.T) peer { return newNodeServer(t, "") }},
}

var transports = []struct {
	name string
	list []string
}{
	{"polling", []string{"polling"}},
	{"websocket", []string{"websocket"}},
	{"upgrade", []string{"polling", "websocket"}},
}

// TestMatrix runs the scenario with each client against each server over each
// transport. A row fails the test where it fails; nothing is tried twice.
func TestMatrix(t *testing.T) {
	var table matrix
	for _, client := range clients {
		t.Run(client.name, func(t *testing.T) {
			for _, server := range servers {
				t.Run(server.name, func(t *testing.T) {
					for _, transport := range transports {
						t.Run(transport.name, func(t *testing.T) {
							c := startCell(t, client.play, server.start(t), transport.list)
							for _, row := range scenario.Rows() {
								t.Run(row, func(t *testing.T) {
									defer func() { table.set(cellName{client.name, server.name, transport.name}, row, !t.Failed()) }()
									c.require(t, row)
								})
							}
							require.NoError(t, c.wait(), "the client's end")
						})
					}
				})
			}
		})
	}
	table.print()
}

// cell is a client on its way through the scenario.
type cell struct {
	results map[string]chan scenario.Result
	done    chan struct{} // closed when the client ended
	err     error         // why, readable once done is closed
}

func startCell(t *testing.T, play func(*testing.T, run) func(context.Context) error, server peer, transports []string) *cell {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	c := &cell{results: make(map[string]chan scenario.Result), done: make(chan struct{})}
	for _, row := range scenario.Rows() {
		c.results[row] = make(chan scenario.Result, 1)
	}
	r := run{
		server:     server,
		transports: transports,
		report: func(result scenario.Result) {
			if ch, ok := c.results[result.Row]; ok {
				ch <- result
			} else {
				t.Errorf("a row that only this client has: %q", result.Row)
			}
		},
		restart: func() {
			if err := server.restart(); err != nil {
				t.Errorf("restart the server: %v", err)
			}
		},
	}
	client := play(t, r)
	go func() {
		defer close(c.done)
		c.err = client(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-c.done
	})
	return c
}

// require waits for the row's result and fails the test unless it passed.
func (c *cell) require(t *testing.T, row string) {
	var result scenario.Result
	select {
	case result = <-c.results[row]:
	case <-c.done:
		select {
		case result = <-c.results[row]:
		default:
			require.Fail(t, "the client ended before this row", "%v", c.err)
		}
	}
	require.Empty(t, result.Error)
}

func (c *cell) wait() error {
	<-c.done
	return c.err
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

// matrix is what passed, printed for people.
type matrix struct {
	cells map[cellName]*tally
}

type cellName struct{ client, server, transport string }

type tally struct {
	passed, total int
	failed        []string
}

func (m *matrix) set(name cellName, row string, ok bool) {
	if m.cells == nil {
		m.cells = make(map[cellName]*tally)
	}
	cell := m.cells[name]
	if cell == nil {
		cell = new(tally)
		m.cells[name] = cell
	}
	cell.total++
	if ok {
		cell.passed++
	} else {
		cell.failed = append(cell.failed, row)
	}
}

// print writes how many rows passed in each cell, and which did not, as Markdown.
func (m *matrix) print() {
	var b strings.Builder
	fmt.Fprintf(&b, "| %-20s | %-15s |", "client", "server")
	for _, transport := range transports {
		fmt.Fprintf(&b, " %-9s |", transport.name)
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(transports)) + "\n")
	for _, client := range clients {
		for _, server := range servers {
			fmt.Fprintf(&b, "| %-20s | %-15s |", client.name, server.name)
			for _, transport := range transports {
				text := "not run"
				if cell := m.cells[cellName{client.name, server.name, transport.name}]; cell != nil {
					text = fmt.Sprintf("%d/%d", cell.passed, cell.total)
					if len(cell.failed) > 0 {
						text += ", not: " + strings.Join(cell.failed, ", ")
					}
				}
				fmt.Fprintf(&b, " %-9s |", text)
			}
			b.WriteString("\n")
		}
	}
	fmt.Print(b.String())
}
