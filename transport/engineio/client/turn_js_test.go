package engineclient

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/transporttest"
)

// Go has one thread in a page, and gives it back only while it waits.
func TestPayloadLeavesTurnsToOthers(t *testing.T) {
	payload := []byte(strings.Repeat("4x\x1e", 1_000_000) + "4x")
	open := engineio.AppendPayload(nil, engineio.Handshake{SID: "s", PingInterval: time.Minute, PingTimeout: time.Minute}.Encode())
	answers := [][]byte{open, payload}
	s, err := Open(t.Context(), Options{
		URL: "http://h/", Transports: []engineio.Transport{engineio.Polling},
		RoundTripper: transporttest.RoundTripFunc(func(ctx context.Context, r *transport.Request) (*transport.Response, error) {
			if r.Method == "POST" {
				return &transport.Response{Status: 200, Body: []byte("ok")}, nil
			}
			if len(answers) == 0 {
				<-ctx.Done()
				return nil, context.Cause(ctx)
			}
			body := answers[0]
			answers = answers[1:]
			return &transport.Response{Status: 200, Body: body}, nil
		}),
	})
	require.NoError(t, err)
	received := 0
	reason, err := s.Serve(func(transport.Message) {
		if received++; received == 1 {
			time.AfterFunc(time.Millisecond, s.Close)
		}
	})
	require.NoError(t, err)
	require.Equal(t, engineio.ForcedClose, reason)
	require.Less(t, received, 1_000_000)
}
