package engine

import (
	"context"
	"net/http"
	"sync"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

// serveWebSocket accepts the WebSocket of a new session, or the one that a polling
// session is to move to. The session's reader is started and the HTTP handler
// returns, so that net/http frees what it holds for a request.
func (s *Server) serveWebSocket(w http.ResponseWriter, r *http.Request, session *Session) {
	if !s.begin() {
		writeUnavailable(w)
		return
	}
	defer s.running.Done()
	conn, err := s.accept(w, r)
	if err != nil {
		return // answered by accept
	}
	if session != nil {
		session.tryUpgrade(conn)
		return
	}
	session = s.open(conn, r)
	if session == nil {
		conn.Close(0, "")
		return
	}
	session.Send([]transport.Message{session.handshake()}, false)
	go func() { // ends with conn, waited for by running, which open has counted it in
		defer s.running.Done()
		session.read(conn)
	}()
}

// read is the one goroutine of an idle session on a WebSocket.
func (s *Session) read(conn transport.Conn) {
	for {
		m, err := conn.Read(context.Background()) // End closes conn
		if err != nil {
			s.fail(err)
			break
		}
		p, err := engineio.Decode(m)
		if err != nil {
			s.End(ParseError, err)
			break
		}
		s.receive(p)
	}
	s.outbox.Wait(context.Background()) // conn is closed, so its writer ends at once
}

// batch is what write joins groups in.
type batch struct{ messages []transport.Message }

var batches = sync.Pool{New: func() any { return new(batch) }}

// flushSize is how many bytes gather for one write. What was written makes room at
// once: a client that has taken it may cause as much again before the rest of a large
// batch is through, and must not seem to be slow.
const flushSize = 64 << 10

// write drains the outbox into the WebSocket: whatever waits leaves with one flush,
// or with one for about every flushSize bytes.
func (s *Session) write(groups [][]transport.Message) {
	s.mu.Lock()
	conn := s.conn
	s.mu.Unlock()

	for {
		n, size := 0, 0
		for n < len(groups) && size < flushSize {
			size += groupSize(groups[n])
			n++
		}
		messages, batch := join(groups[:n])
		err := conn.Write(context.Background(), messages...) // conn has a deadline for it
		batch.release()
		if err != nil {
			s.writeFailed(err)
			return
		}
		if groups = groups[n:]; len(groups) == 0 {
			return
		}
		s.outbox.Release(n, size)
	}
}

// join returns the messages of the groups, and the batch that holds them, or nil.
func join(groups [][]transport.Message) ([]transport.Message, *batch) {
	if len(groups) == 1 {
		return groups[0], nil
	}
	b := batches.Get().(*batch)
	for _, group := range groups {
		b.messages = append(b.messages, group...)
	}
	return b.messages, b
}

func (b *batch) release() {
	if b != nil {
		clear(b.messages)
		b.messages = b.messages[:0]
		batches.Put(b)
	}
}

// writeFailed leaves the end of the session to the reader, who gets an error too,
// after what the peer had sent before. A reader that is held would not see it.
func (s *Session) writeFailed(err error) {
	s.mu.Lock()
	held := s.heartbeat.held > 0
	s.mu.Unlock()
	if held {
		s.fail(err)
	}
}
