package server

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSendBuffers(t *testing.T) {
	const mib = 1 << 20
	for name, test := range map[string]struct {
		one, all         int
		limit            int64
		wantOne, wantAll int
	}{
		"nothing said":             {0, 0, math.MaxInt64, 64 * mib, 256 * mib},
		"memory limit":             {0, 0, 2048 * mib, 64 * mib, 512 * mib},
		"small memory limit":       {0, 0, 100 * mib, 25 * mib, 25 * mib},
		"one larger than that":     {512 * mib, 0, math.MaxInt64, 512 * mib, 512 * mib},
		"all smaller than the one": {0, 8 * mib, math.MaxInt64, 8 * mib, 8 * mib},
		"both":                     {mib, 2 * mib, 100 * mib, mib, 2 * mib},
	} {
		t.Run(name, func(t *testing.T) {
			one, all := sendBuffers(test.one, test.all, test.limit)
			require.Equal(t, test.wantOne, one)
			require.Equal(t, test.wantAll, all)
		})
	}
}
