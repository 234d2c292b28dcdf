//go:build !js

package transportnative

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLingering(t *testing.T) {
	impatient := errors.New("impatient")
	over, cancel := context.WithCancelCause(t.Context())
	cancel(impatient)

	var l Lingering
	require.NoError(t, l.Wait(over), "nobody lingers")
	polite, first := connectRaw(t, AcceptOptions{Lingering: &l}, "")
	stubborn, second := connectRaw(t, AcceptOptions{Lingering: &l}, "")
	require.NoError(t, l.Wait(over), "nobody was closed")
	for _, conn := range []interface{ Close(int, string) error }{first, second} {
		require.NoError(t, conn.Close(1000, ""))
	}
	polite.wantClose(1000)
	stubborn.wantClose(1000)
	require.Equal(t, impatient, l.Wait(over))

	require.NoError(t, polite.Close())
	require.Equal(t, impatient, l.Wait(over), "one is left")
	l.Abort()
	require.NoError(t, l.Wait(over))
	l.Abort() // of nothing
}

func TestLingeringEndsWithItsPeer(t *testing.T) {
	var l Lingering
	p, conn := connectRaw(t, AcceptOptions{Lingering: &l}, "")
	require.NoError(t, conn.Close(0, ""))
	ended := make(chan error, 1)
	go func() { ended <- l.Wait(context.Background()) }()
	p.wantClose(0)
	require.NoError(t, p.Close())
	require.NoError(t, <-ended)
}
