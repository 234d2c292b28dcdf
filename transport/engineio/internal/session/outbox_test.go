package session

import (
	"context"
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

type nobody struct{}

func (nobody) Receive(transport.Message)       {}
func (nobody) Conclude(engineio.Reason, error) {}
func (nobody) Expire()                         {}
func (nobody) Closed(engineio.Reason, error)   {}

// stuck is a Conn whose second Write waits.
type stuck struct {
	writes  int
	waiting chan struct{}
	free    chan struct{}
}

func (c *stuck) Read(context.Context) (transport.Message, error) { select {} }
func (c *stuck) Write(context.Context, ...transport.Message) error {
	if c.writes++; c.writes == 3 {
		close(c.waiting)
		<-c.free
	}
	return nil
}
func (c *stuck) Close(int, string) error { return nil }

func sessionOn(t Transport, server bool) *Session {
	s := new(Session)
	s.Init(&Config{Revision: engineio.Revision4, Server: server, CloseTimeout: time.Second}, "sid", t)
	s.Lock()
	s.Start(nobody{}, time.Now(), time.Hour, time.Hour)
	s.Unlock()
	return s
}

func collected(t *testing.T, p weak.Pointer[byte], text string) {
	t.Helper()
	for range 5 {
		runtime.GC()
	}
	require.Nil(t, p.Value(), text)
}

// What makes room in the send buffer must not be held any more.
func TestWrittenIsNotHeld(t *testing.T) {
	conn := &stuck{waiting: make(chan struct{}), free: make(chan struct{})}
	s := sessionOn(WebSocket(conn), true)
	s.Rest()
	var first weak.Pointer[byte]
	for i := range 3 {
		data := make([]byte, 2*flushSize)
		if i == 0 {
			first = weak.Make(&data[0])
		}
		require.NoError(t, s.Send([]transport.Message{{Data: data}}, Ordinary))
	}
	s.Resume()
	<-conn.waiting
	require.Equal(t, 1, s.outbox.Len(), "two of three have made room")
	collected(t, first, "what was written is still held")
	close(conn.free)
	s.Wait()
	s.Abort(engineio.ForcedClose, nil)
}

type resting struct{ webSocket }

func (*resting) Name() engineio.Transport { return engineio.Polling }

func TestTakenIsNotHeld(t *testing.T) {
	s := sessionOn(&resting{webSocket{&stuck{}}}, true)
	var first weak.Pointer[byte]
	for i := range 3 {
		data := make([]byte, flushSize)
		if i == 0 {
			first = weak.Make(&data[0])
		}
		require.NoError(t, s.Send([]transport.Message{{Data: data}}, Ordinary))
	}
	require.Len(t, s.Take(flushSize).Packets, 1)
	require.Equal(t, 2, s.outbox.Len())
	collected(t, first, "what was taken is still held")
	runtime.KeepAlive(s)
	s.Abort(engineio.ForcedClose, nil)
}
