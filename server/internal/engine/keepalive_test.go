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
	require.Equal(t, "ok", do("POST", first.id, "1"))

	do("GET", "", "")
	second := <-sessions
	for range 3 {
		require.Equal(t, "ok", do("POST", second.id, "4to the server"))
		answer := make(chan string)
		go func() { answer <- do("GET", second.id, "") }()
		require.Eventually(t, second.waits, 30*time.Second, time.Millisecond)
		message := engineio.Encode(engineio.Packet{Type: engineio.TypeMessage, Data: []byte("to the client")})
		require.NoError(t, second.Send([]transport.Message{message}, false))
		require.Equal(t, "4to the client", <-answer)
	}
	require.Equal(t, 1, dialed, "all requests used one connection")
}

// waits tells whether a GET waits for something to send.
func (s *Session) waits() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.poll != nil
}
