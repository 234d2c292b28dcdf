package engine

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/queue"
)

// TestCloseLeavesHTTPConnection sends the close packet of one session and then
// uses the same HTTP connection for another session, as browsers do.
func TestCloseLeavesHTTPConnection(t *testing.T) {
	sessions := make(chan *Session, 2)
	server := NewServer(Config{
		Open: func(s *Session, _ *http.Request) Receiver {
			sessions <- s
			return &record{session: s}
		},
		Polling:      true,
		PingInterval: time.Minute,
		PingTimeout:  time.Minute,
		BodyTimeout:  time.Minute,
		WriteTimeout: time.Minute,
		MaxPayload:   1000,
		MaxPackets:   10,
		Outbox:       queue.Limits{MaxItems: 10, MaxBytes: 1000},
		Logger:       slog.New(slog.DiscardHandler),
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
		require.NoError(t, err)
		response, err := client.Do(r)
		require.NoError(t, err)
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return string(answer)
	}

	do("GET", "", "")
	first := <-sessions
	require.Equal(t, "ok", do("POST", first.id, "1"))

	do("GET", "", "")
	second := <-sessions
	for range 3 {
		require.Equal(t, "ok", do("POST", second.id, "4to the server"))
		message := engineio.Encode(engineio.Packet{Type: engineio.TypeMessage, Data: []byte("to the client")})
		require.NoError(t, second.Send([]transport.Message{message}, false))
		require.Equal(t, "4to the client", do("GET", second.id, ""))
	}
	require.Equal(t, 1, dialed, "all requests used one connection")
}
