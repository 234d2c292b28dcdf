package server_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/transport"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	goleak.VerifyTestMain(m)
}

// patience is when a test counts as stuck.
const patience = 2 * time.Minute

// rig is a server behind a real HTTP server.
type rig struct {
	*testing.T
	*server.Server
	url string // http://127.0.0.1:…
	ctx context.Context
}

// serve starts a server with the options and closes it when the test ends.
func serve(t *testing.T, options *server.Options) *rig {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	sio := server.New(options)
	h := httptest.NewServer(sio)
	t.Cleanup(h.Close)
	t.Cleanup(func() {
		require.NoError(t, sio.Close())
		require.NoError(t, sio.Wait(ctx))
	})
	return &rig{t, sio, h.URL, ctx}
}

// raw is a client that speaks in messages.
type raw struct {
	*rig
	conn transport.Conn
}

// dial opens a WebSocket and reads the handshake.
func (r *rig) dial() *raw {
	r.Helper()
	c := r.open("")
	require.Equal(r, byte('0'), c.read().Data[0])
	return c
}

func (r *rig) webSocketURL() string {
	return "ws" + strings.TrimPrefix(r.url, "http") + "/socket.io/?EIO=4&transport=websocket"
}

// open opens a WebSocket for a session, a new one if sid is empty.
func (r *rig) open(sid string) *raw {
	r.Helper()
	address := r.webSocketURL()
	if sid != "" {
		address += "&sid=" + sid
	}
	conn, err := transportnative.Platform(nil).Dialer.Dial(r.ctx, address, 0)
	require.NoError(r, err)
	r.Cleanup(func() { conn.Close(0, "") })
	return &raw{r, conn}
}

// join opens a WebSocket and connects to a namespace. It returns the socket's id, too.
func (r *rig) join(namespace string) (c *raw, id string) {
	r.Helper()
	c = r.dial()
	return c, c.join(namespace)
}

// prefix is what stands before the data of a packet of that type.
func prefix(kind, namespace string) string {
	if namespace == "/" {
		return kind
	}
	return kind + namespace + ","
}

func (c *raw) join(namespace string) (id string) {
	c.Helper()
	c.send(prefix("40", namespace))
	var answer struct{ SID string }
	text, found := strings.CutPrefix(string(c.read().Data), prefix("40", namespace))
	require.True(c, found)
	require.NoError(c, json.Unmarshal([]byte(text), &answer))
	require.NotEmpty(c, answer.SID)
	return answer.SID
}

// send sends text messages, together.
func (c *raw) send(texts ...string) {
	c.Helper()
	messages := make([]transport.Message, len(texts))
	for i, text := range texts {
		messages[i].Data = []byte(text)
	}
	require.NoError(c, c.conn.Write(c.ctx, messages...))
}

func (c *raw) sendBinary(data ...byte) {
	c.Helper()
	require.NoError(c, c.conn.Write(c.ctx, transport.Message{Data: data, Binary: true}))
}

func (c *raw) read() transport.Message {
	c.Helper()
	m, err := c.conn.Read(c.ctx)
	require.NoError(c, err)
	return m
}

func (c *raw) want(texts ...string) {
	c.Helper()
	for _, text := range texts {
		require.Equal(c, text, string(c.read().Data))
	}
}

// wantClosed wants a close frame without a code, and nothing before it.
func (c *raw) wantClosed() {
	c.Helper()
	m, err := c.conn.Read(c.ctx)
	var closed *transport.CloseError
	require.ErrorAs(c, err, &closed, "message %q", m.Data)
	require.Equal(c, 1005, closed.Code)
}

// wantWorks wants that the connection is there and nothing else has been sent on it.
func (c *raw) wantWorks() {
	c.Helper()
	c.send("40/unknown,")
	c.want(`44/unknown,{"message":"Invalid namespace"}`)
}

// poll opens a session on polling and returns the query that belongs to it.
func (r *rig) poll() (query string) {
	r.Helper()
	status, body := r.http("GET", "transport=polling", "")
	require.Equal(r, http.StatusOK, status)
	var h struct{ SID string }
	require.NoError(r, json.Unmarshal([]byte(body[1:]), &h))
	return "transport=polling&sid=" + h.SID
}

func (r *rig) http(method, query, body string) (status int, answer string) {
	r.Helper()
	request, err := http.NewRequestWithContext(r.ctx, method, r.url+"/socket.io/?EIO=4&"+query, strings.NewReader(body))
	require.NoError(r, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(r, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(r, err)
	return response.StatusCode, string(text)
}

// await returns what comes out of the channel.
func await[T any](r *rig, values <-chan T) T {
	r.Helper()
	select {
	case v := <-values:
		return v
	case <-r.ctx.Done():
		require.FailNow(r, "stuck")
		panic("unreachable")
	}
}
