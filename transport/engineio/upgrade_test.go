//go:build !js

package engineio_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	engineclient "github.com/isosocket/isosocket/transport/engineio/client"
	engineserver "github.com/isosocket/isosocket/transport/engineio/server"
	"github.com/isosocket/isosocket/transport/transporttest"
	transportnative "github.com/isosocket/isosocket/transport_native"
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
	network := transporttest.NewNetwork(1)
	closed := make(chan engineio.Reason, 1)
	server := engineserver.New(engineserver.Options{
		Open: func(s *engineserver.Session, _ *http.Request) engineserver.Receiver { return &echo{s, closed} },
	})
	h := &http.Server{Handler: server}
	listener, err := network.Listen("server:80")
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() { _ = h.Serve(listener) })
	defer serving.Wait()
	defer h.Close()
	defer server.Close()
	roads := &http.Transport{DialContext: network.Dial}
	defer roads.CloseIdleConnections()
	platform := transportnative.Platform(&transportnative.Config{HTTPClient: &http.Client{Transport: roads}})
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
