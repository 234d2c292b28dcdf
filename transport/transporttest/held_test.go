package transporttest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport/transporttest"
)

func TestHeld(t *testing.T) {
	const size = 4 << 20
	part := transporttest.Held(t, func() any { return make([]byte, size)[:1] })
	require.InEpsilon(t, size, part, 0.1, "a part holds the whole")

	var reached []byte
	left := transporttest.Held(t, func() any {
		_ = make([]byte, size)
		reached = make([]byte, size)
		return nil
	})
	require.InEpsilon(t, size, left, 0.1, "what f drops is not held")
	reached[0] = 1

	free := transporttest.Held(t, func() any { reached = nil; return nil })
	require.InEpsilon(t, -size, free, 0.1)
}
