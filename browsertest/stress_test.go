package browsertest

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/browsertest/scenario"
)

// TestUpgradeStress opens many connections whose both sides send events from the
// moment of connection on and across the upgrade. None is lost, doubled or out of order.
func TestUpgradeStress(t *testing.T) {
	tests := []struct {
		name   string
		server func(*testing.T) peer
		count  int
		width  int
		stress func(t *testing.T, url string, count, width int) error
	}{
		{"Go native, Go server", func(t *testing.T) peer { return newGoServer(t) }, 1000, 50, stressNative},
		{"Go native, official server", func(t *testing.T) peer { return newNodeServer(t, "") }, 200, 20, stressNative},
		{"official in Node, official server", func(t *testing.T) peer { return newNodeServer(t, "") }, 100, 10, stressOfficial},
		{"official in Node, Go server", func(t *testing.T) peer { return newGoServer(t) }, 300, 20, stressOfficial},
		{"Go wasm in Chromium, Go server", func(t *testing.T) peer { return newGoServer(t) }, 30, 6, stressWasm},
		{"Go wasm in Chromium, official server", func(t *testing.T) peer { return newNodeServer(t, "") }, 30, 6, stressWasm},
		{"official in Chromium, Go server", func(t *testing.T) peer { return newGoServer(t) }, 30, 6, stressOfficialPage},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.NoError(t, test.stress(t, test.server(t).url(), test.count, test.width))
		})
	}
}

var upgrading = []string{"polling", "websocket"}

func stressNative(t *testing.T, url string, count, width int) error {
	return scenario.Stress(t.Context(), url, upgrading, count, width)
}

func stressOfficial(t *testing.T, url string, count, width int) error {
	var failures *[]string
	err := runNodeClient(t.Context(), func(line nodeLine) { failures = line.Failures },
		"stress", url, "polling,websocket", strconv.Itoa(count), strconv.Itoa(width))
	if err == nil && failures == nil {
		err = fmt.Errorf("browsertest: the official client did not tell its failures")
	}
	if err == nil && len(*failures) > 0 {
		err = fmt.Errorf("browsertest: %d of %d connections failed, the first with %s", len(*failures), count, (*failures)[0])
	}
	return err
}

func stressWasm(t *testing.T, url string, count, width int) error {
	p := newClientPage(t, "wasm.html", nil, nil)
	return runProgram(p, fmt.Sprintf("main('stress', %q, 'polling,websocket', '%d', '%d')", url, count, width))
}

func stressOfficialPage(t *testing.T, url string, count, width int) error {
	p := newClientPage(t, "official.html", nil, nil)
	failures, err := evaluate[[]string](p, fmt.Sprintf("stress(%q, 'polling,websocket', %d, %d)", url, count, width))
	if err == nil && len(failures) > 0 {
		err = fmt.Errorf("browsertest: %d of %d connections failed, the first with %s", len(failures), count, failures[0])
	}
	return err
}
