//go:build js

package transportjs

import (
	"context"
	"testing"
	"time"

	"github.com/hack-pad/safejs"
	"github.com/stretchr/testify/require"
)

func TestDialErrorHidesQuery(t *testing.T) {
	watchBorder(t)
	_, err := Platform(nil).Dialer.Dial(testContext(t), peerURL("ws", "/status?code=403&token=secret"), 0)
	require.EqualError(t, err, "transportjs: dial "+peerURL("ws", "/status")+": refused or not reachable")
}

func TestDialTimeoutFreesTheLine(t *testing.T) {
	watchBorder(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := Platform(nil).Dialer.Dial(ctx, peerURL("ws", "/silent"), 0)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	// A browser would not even begin with this one while the first is connecting.
	c := dial(t)
	send(t, c, text("through"))
	require.Equal(t, "through", string(read(t, c).Data))
}

func TestDialWithoutWebSocket(t *testing.T) {
	watchBorder(t)
	global := safejs.Global()
	class, err := global.Get("WebSocket")
	require.NoError(t, err)
	require.NoError(t, global.Set("WebSocket", safejs.Undefined()))
	defer func() { require.NoError(t, global.Set("WebSocket", class)) }()
	_, err = Platform(nil).Dialer.Dial(t.Context(), peerURL("ws", "/peer"), 0)
	require.ErrorIs(t, err, ErrNoWebSocket)
	require.ErrorContains(t, err, "22")
	require.ErrorContains(t, err, "--experimental-websocket")
}
