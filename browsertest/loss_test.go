package browsertest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/browsertest/scenario"
)

// TestRecovery breaks the connection to an official server that recovers it.
func TestRecovery(t *testing.T) {
	clients := map[string]func(t *testing.T, url, transports string) error{
		"Go native": func(t *testing.T, url, transports string) error {
			return scenario.Recover(t.Context(), url, strings.Split(transports, ","))
		},
		"Go wasm in Chromium": func(t *testing.T, url, transports string) error {
			return runProgram(newClientPage(t, "wasm.html", nil, nil), fmt.Sprintf("main('recover', %q, %q)", url, transports))
		},
		"official in Node": func(t *testing.T, url, transports string) error {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			return runNodeClient(ctx, func(nodeLine) {}, "recover", url, transports)
		},
	}
	for name, recover := range clients {
		for _, transports := range []string{"polling", "websocket", "polling,websocket"} {
			t.Run(name+" "+transports, func(t *testing.T) {
				require.NoError(t, recover(t, newNodeServer(t, "recovery").url(), transports))
			})
		}
	}
}

// TestFrozenServer stops the process of an official server that stays connected
// as far as TCP can tell.
func TestFrozenServer(t *testing.T) {
	clients := map[string]func(t *testing.T, url, transports string, freeze, thaw func()) error{
		"Go native": func(t *testing.T, url, transports string, freeze, thaw func()) error {
			return scenario.Outlast(t.Context(), url, strings.Split(transports, ","), freeze, thaw)
		},
		"Go wasm in Chromium": func(t *testing.T, url, transports string, freeze, thaw func()) error {
			steps := make(chan func(), 2)
			steps <- freeze
			steps <- thaw
			p := newClientPage(t, "wasm.html", nil, func() { (<-steps)() })
			return runProgram(p, fmt.Sprintf("main('outlast', %q, %q)", url, transports))
		},
	}
	for name, outlast := range clients {
		for _, transports := range []string{"polling", "websocket"} {
			t.Run(name+" "+transports, func(t *testing.T) {
				server := newNodeServer(t, "impatient")
				signal := func(s syscall.Signal) func() {
					return func() {
						if err := server.cmd.Process.Signal(s); err != nil {
							t.Errorf("signal %v to the server: %v", s, err)
						}
					}
				}
				require.NoError(t, outlast(t, server.url(), transports, signal(syscall.SIGSTOP), signal(syscall.SIGCONT)))
			})
		}
	}
}

// TestBadWeather breaks each connection to our server after so many bytes, in the
// middle of a request, of a frame, of an upgrade.
func TestBadWeather(t *testing.T) {
	const connections = 5
	tests := map[string]func(t *testing.T, url, transports string) error{
		"Go native": func(t *testing.T, url, transports string) error {
			failures := make([]error, 20)
			var clients sync.WaitGroup
			for i := range failures {
				clients.Go(func() {
					failures[i] = scenario.Weather(t.Context(), url, strings.Split(transports, ","), connections, false)
				})
			}
			clients.Wait()
			return errors.Join(failures...)
		},
		"Go wasm in Chromium": func(t *testing.T, url, transports string) error {
			return runProgram(newClientPage(t, "wasm.html", nil, nil), fmt.Sprintf("main('weather', %q, %q, '%d')", url, transports, connections))
		},
	}
	for name, play := range tests {
		for _, transports := range []string{"polling", "websocket", "polling,websocket"} {
			t.Run(name+" "+transports, func(t *testing.T) {
				server := &goServer{t: t, wrap: func(l net.Listener) net.Listener {
					return &flakyListener{Listener: l, chance: rand.New(rand.NewPCG(1, 2))}
				}}
				server.run()
				require.NoError(t, play(t, server.url(), transports))
			})
		}
	}
}

// flakyListener gives connections that break when they have carried some kilobytes.
type flakyListener struct {
	net.Listener
	chance *rand.Rand // used by Accept only
}

func (l *flakyListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	flaky := &flakyConn{Conn: conn}
	flaky.left.Store(2000 + l.chance.Int64N(20_000))
	return flaky, nil
}

// flakyConn breaks when it has carried what was left, in either direction.
type flakyConn struct {
	net.Conn
	left atomic.Int64
}

func (c *flakyConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.left.Add(-int64(n)) < 0 {
		c.Conn.Close()
	}
	return n, err
}

func (c *flakyConn) Write(p []byte) (int, error) {
	if left := c.left.Add(-int64(len(p))) + int64(len(p)); left < int64(len(p)) {
		n, _ := c.Conn.Write(p[:max(left, 0)])
		c.Conn.Close()
		return n, net.ErrClosed
	}
	return c.Conn.Write(p)
}
