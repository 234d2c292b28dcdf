package browsertest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/browsertest/scenario"
)

// peer is a server under test.
type peer interface {
	url() string
	// restart kills the server, so that its connections break, and starts it again on its port.
	restart() error
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
							t.Parallel()
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
