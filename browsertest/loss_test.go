package browsertest

import (
	"context"
	"fmt"
	"strings"
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
