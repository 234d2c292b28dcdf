package browsertest

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
)

// TestConnectLeaveConnect does in one tick, with the official client, what a component in
// React's StrictMode does. The last wish counts, and no other namespace notices.
func TestConnectLeaveConnect(t *testing.T) {
	require.NoError(t, nodeModules())
	for _, transports := range []string{"polling", "websocket", "polling,websocket"} {
		t.Run(transports, func(t *testing.T) {
			sio := server.New(nil)
			h := httptest.NewServer(sio)
			defer h.Close()
			names := sio.Of("/names")
			names.OnConnect(func(s *server.Socket) {
				s.On("who", func(_ context.Context, m *event.Message) error {
					var auth struct{ Name string }
					if err := s.Handshake().DecodeAuth(&auth); err != nil {
						return err
					}
					return m.Ack(auth.Name)
				})
			})
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			cmd := exec.CommandContext(ctx, "node", "strict.mjs", h.URL, transports)
			cmd.Dir = "node"
			cmd.Stderr = os.Stderr
			line, err := cmd.Output()
			require.NoError(t, err)
			var got struct {
				Answers, Closed []string
				Connected       bool
			}
			require.NoError(t, json.Unmarshal(line, &got))
			require.Equal(t, []string{"a", "a", "f", "g"}, got.Answers)
			require.Empty(t, got.Closed)
			require.True(t, got.Connected)
			require.NoError(t, sio.Close())
			require.NoError(t, sio.Wait(ctx))
		})
	}
}
