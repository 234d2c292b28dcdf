//go:build !js

package transportnative

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
)

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		for value, want := range map[string]time.Duration{
			"":                           0,
			"0":                          0,
			"120":                        2 * time.Minute,
			"-1":                         0,
			"1.5":                        0,
			"99999999999999999999999999": 0,
			"soon":                       0,
			now.Add(time.Minute).UTC().Format(http.TimeFormat):  time.Minute,
			now.Add(time.Minute).UTC().Format(time.ANSIC):       time.Minute,
			now.Add(-time.Minute).UTC().Format(http.TimeFormat): 0,
		} {
			require.Equal(t, want, retryAfter(http.Header{"Retry-After": {value}}), "%q", value)
		}
	})
}

func TestRetryAfterIsTold(t *testing.T) {
	server := listen(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	response, err := platform(t, Config{}).RoundTripper.RoundTrip(t.Context(), &transport.Request{Method: "GET", URL: server.URL})
	require.NoError(t, err)
	require.Equal(t, 7*time.Second, response.RetryAfter)

	var refused *transport.HandshakeError
	require.ErrorAs(t, failDial(t, Config{}, "ws"+server.URL[len("http"):]), &refused)
	require.Equal(t, 7*time.Second, refused.RetryAfter)
}
