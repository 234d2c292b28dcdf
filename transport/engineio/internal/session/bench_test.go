package session

import (
	"context"
	"testing"
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
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
	if messages[0].Lead == byte(engineio.TypePing) {
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
	conn := &answering{make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{})}
	s := new(Session)
	s.Init(&Config{Revision: engineio.Revision4, Server: true}, "id", WebSocket(conn))
	s.Lock()
	s.Start(&record{make(chan engineio.Reason, 1)}, time.Now(), time.Hour, time.Hour)
	s.Unlock()
	read := make(chan struct{})
	go func() { // ends with the session
		defer close(read)
		s.Read(conn)
	}()
	<-conn.idle
	b.ReportAllocs()
	for b.Loop() {
		s.Lock()
		s.heartbeat.due = time.Now()
		s.Unlock()
		s.tick()
		<-conn.idle
	}
	s.Abort(engineio.ForcedClose, nil)
	<-read
}
