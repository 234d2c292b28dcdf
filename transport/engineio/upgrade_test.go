//go:build !js

package engineio_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	engineclient "github.com/isosocket/isosocket/transport/engineio/client"
	engineserver "github.com/isosocket/isosocket/transport/engineio/server"
)

// A receiver that takes long while the session upgrades must not cost the session:
// the server gives up the WebSocket after UpgradeTimeout and stays on polling.
func TestSlowReceiverDuringUpgrade(t *testing.T) {
	for delay := time.Duration(0); delay < 60*time.Millisecond; delay += 5 * time.Millisecond {
		t.Run(delay.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { slowReceiver(t, delay) })
		})
	}
}

func slowReceiver(t *testing.T, delay time.Duration) {
	platform, _ := serve(t, engineserver.Options{})
	s, err := engineclient.Open(t.Context(), engineclient.Options{
		URL: "http://server/", Dialer: platform.Dialer, RoundTripper: platform.RoundTripper, UpgradeTimeout: 10 * time.Second,
	})
	require.NoError(t, err)
	served := make(chan struct{})
	go func() {
		defer close(served)
		reason, err := s.Serve(func(transport.Message) { s.Hold(func() { time.Sleep(12 * time.Second) }) })
		t.Log(reason, err)
	}()
	time.Sleep(delay)
	require.NoError(t, s.Send([]transport.Message{{Data: []byte("slow")}}, engineclient.Ordinary))
	time.Sleep(time.Minute)
	select {
	case <-served:
		t.Error("the session has ended")
	default:
		s.Close()
		<-served
	}
}
