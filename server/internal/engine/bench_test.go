package engine

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/isosocket/isosocket/transport"
)

// answering is the WebSocket of a peer that answers every ping at once.
type answering struct {
	pings  chan struct{}
	idle   chan struct{} // gets one when all that was read is handled
	closed chan struct{}
}

var pongMessage = transport.Message{Data: []byte("3")}

func (a *answering) Read(context.Context) (transport.Message, error) {
	a.idle <- struct{}{}
	select {
	case <-a.pings:
		return pongMessage, nil
	case <-a.closed:
		return transport.Message{}, transport.ErrClosed
	}
}

func (a *answering) Write(_ context.Context, messages ...transport.Message) error {
	if string(messages[0].Data) == "2" {
		a.pings <- struct{}{}
	}
	return nil
}

func (a *answering) Close(int, string) error {
	close(a.closed)
	return nil
}

// BenchmarkHeartbeat is what an idle connection costs in an interval: the timer fires,
// a ping is sent, its pong is received, and the timer is set for the next.
func BenchmarkHeartbeat(b *testing.B) {
	config := testConfig()
	config.Open = func(s *Session, _ *http.Request) Receiver { return &record{session: s} }
	server := NewServer(config)
	defer server.Close()
	conn := &answering{make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{})}
	session := server.open(conn, httptest.NewRequest(http.MethodGet, "/", nil))
	go func() { // ends when server is closed, which waits for it
		defer server.running.Done()
		session.read(conn)
	}()
	<-conn.idle
	b.ReportAllocs()
	for b.Loop() {
		session.mu.Lock()
		session.heartbeat.due = time.Now()
		session.mu.Unlock()
		session.tick()
		<-conn.idle
	}
}
