package server_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
)

// violations are packets that end a connection, with the reason for that.
var violations = map[string]event.Reason{
	"42{}": event.ForcedClose, // no event
	"44{}": event.ForcedClose, // the server refuses, not the client
	"abc":  event.ParseError,
	"2":    event.TransportError, // the server pings
}

// answering gives a server handlers that answer.
func answering(sio *server.Server) (reasons chan event.Reason) {
	reasons = make(chan event.Reason, 10)
	sio.OnConnect(func(s *server.Socket) {
		s.OnDisconnect(func(reason event.Reason) { reasons <- reason })
		s.On("ask", func(ctx context.Context, m *event.Message) error { return m.Ack("answer") })
		s.On("wait", func(ctx context.Context, m *event.Message) error {
			<-ctx.Done()
			return m.Ack("late")
		})
	})
	return reasons
}

// What came before a violation is handled, and the client gets the answers. What comes
// behind it is not.
func TestAnswersBeforeAViolation(t *testing.T) {
	const asked = 100
	for violation, reason := range violations {
		packets := slices.Repeat([]string{`420["ask"]`}, asked)
		packets = append(packets, violation, `421["ask"]`, violation)
		t.Run("polling "+violation, func(t *testing.T) {
			timed(t, nil, func(t *testing.T, sio *server.Server, do func(method, query, body string) string) {
				reasons := answering(sio)
				q := sid(do("GET", "", ""))
				require.Equal(t, "ok", do("POST", q, "40"))
				require.Contains(t, do("GET", q, ""), "40")
				require.Equal(t, "ok", do("POST", q, strings.Join(packets, "\x1e")))
				synctest.Wait()
				require.Equal(t, strings.Repeat("\x1e"+`430["answer"]`, asked)[1:], do("GET", q, ""))
				require.Equal(t, "1", do("GET", q, ""))
				require.Equal(t, gone, do("GET", q, ""))
				require.Equal(t, reason, <-reasons)
			})
		})
		t.Run("WebSocket "+violation, func(t *testing.T) {
			r := serve(t, nil)
			reasons := answering(r.Server)
			c, _ := r.join("/")
			c.send(packets...)
			c.want(slices.Repeat([]string{`430["answer"]`}, asked)...)
			c.wantClosed()
			require.Equal(t, reason, await(r, reasons))
		})
	}
}

// A handler that waits for its client to leave does not keep it.
func TestViolationBehindAHandlerThatWaits(t *testing.T) {
	for violation, reason := range violations {
		t.Run(violation, func(t *testing.T) {
			timed(t, nil, func(t *testing.T, sio *server.Server, do func(method, query, body string) string) {
				reasons := answering(sio)
				q := sid(do("GET", "", ""))
				require.Equal(t, "ok", do("POST", q, "40"))
				require.Contains(t, do("GET", q, ""), "40")
				start := time.Now()
				require.Equal(t, "ok", do("POST", q, `420["wait"]`+"\x1e"+violation))
				require.Equal(t, reason, <-reasons)
				require.Equal(t, time.Second, time.Since(start))
			})
		})
	}
}

// A connection without a namespace has nothing to answer.
func TestViolationBeforeANamespaceIsJoined(t *testing.T) {
	timed(t, nil, func(t *testing.T, sio *server.Server, do func(method, query, body string) string) {
		q := sid(do("GET", "", ""))
		require.Equal(t, "ok", do("POST", q, `42["ask"]`))
		require.Zero(t, sio.Stats().Connections)
		require.Equal(t, "1", do("GET", q, ""))
		require.Equal(t, gone, do("GET", q, ""))
	})
}
