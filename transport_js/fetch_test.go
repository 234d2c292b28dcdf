//go:build js

package transportjs

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
)

func TestFetchErrorHidesQuery(t *testing.T) {
	watchBorder(t)
	_, err := Platform(nil).RoundTripper.RoundTrip(testContext(t), &transport.Request{
		Method: "GET",
		URL:    peerURL("http", "/truncated?token=secret"),
	})
	require.ErrorContains(t, err, "transportjs: fetch "+peerURL("http", "/truncated")+": ")
	require.NotContains(t, err.Error(), "secret")
}

func TestFetchWithEndedContextSendsNothing(t *testing.T) {
	watchBorder(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Platform(nil).RoundTripper.RoundTrip(ctx, &transport.Request{Method: "GET", URL: peerURL("http", "/silent")})
	require.ErrorIs(t, err, context.Canceled)
}

func TestFetchReturnsEmptyBody(t *testing.T) {
	watchBorder(t)
	response, err := Platform(nil).RoundTripper.RoundTrip(testContext(t), &transport.Request{
		Method: "GET",
		URL:    peerURL("http", "/status?code=204"), // whose body is null
	})
	require.NoError(t, err)
	require.Equal(t, &transport.Response{Status: 204, ContentType: "text/plain"}, response)
}

func TestFetchCredentials(t *testing.T) {
	for credentials, valid := range map[string]bool{"": true, "omit": true, "same-origin": true, "include": true, "always": false} {
		t.Run(credentials, func(t *testing.T) {
			watchBorder(t)
			platform := Platform(&Config{Credentials: credentials})
			_, err := platform.RoundTripper.RoundTrip(testContext(t), &transport.Request{Method: "GET", URL: peerURL("http", "/echo")})
			require.Equal(t, valid, err == nil, "error %v", err)
		})
	}
}
