//go:build !js

package engineserver

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCloseLeavesHTTPConnection sends the close packet of one session and then
// uses the same HTTP connection for another session, as browsers do.
func TestCloseLeavesHTTPConnection(t *testing.T) {
	sessions := make(chan *Session, 2)
	server := New(Options{
		Open: func(s *Session, _ *http.Request) Receiver {
			sessions <- s
			return &record{session: s}
		},
		PingInterval: time.Minute,
		PingTimeout:  time.Minute,
		StallTimeout: time.Minute,
		MaxPayload:   1000,
	})
	h := httptest.NewServer(server)
	defer h.Close()
	defer server.Close()

	var dialed int
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		dialed++
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	do := func(method, sid, body string) string {
		r, err := http.NewRequestWithContext(ctx, method, h.URL+"/?EIO=4&transport=polling&sid="+sid, strings.NewReader(body))
		if err != nil {
			return err.Error()
		}
		response, err := client.Do(r)
		if err != nil {
			return err.Error()
		}
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		if err != nil {
			return err.Error()
		}
		return string(answer)
	}

	do("GET", "", "")
	first := <-sessions
	require.Equal(t, "ok", do("POST", first.SID(), "1"))

	do("GET", "", "")
	second := <-sessions
	for range 3 {
		require.Equal(t, "ok", do("POST", second.SID(), "4to the server"))
		answer := make(chan string)
		go func() { answer <- do("GET", second.SID(), "") }()
		require.Eventually(t, second.waits, 30*time.Second, time.Millisecond)
		require.NoError(t, second.Send(group("4to the client"), Ordinary))
		require.Equal(t, "4to the client", <-answer)
	}
	require.Equal(t, 1, dialed, "all requests used one connection")
}

// waits tells whether a GET waits for something to send.
func (s *Session) waits() bool {
	s.core.Lock()
	defer s.core.Unlock()
	return s.polling.poll != nil
}
