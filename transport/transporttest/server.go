//go:build !js

package transporttest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"

	"github.com/isosocket/isosocket/transport"
)

// Server is the http.Handler that a [Target] is tested against. It answers pages
// of every origin.
type Server struct {
	mux    http.ServeMux
	peer   Peer
	ctx    context.Context // of the connections, which outlive their requests
	cancel context.CancelFunc
	serves sync.WaitGroup

	mu         sync.Mutex
	unanswered map[string]int // requests that got no answer, by name; guarded by mu
}

// NewServer returns a Server that opens its WebSockets with accept, which must
// accept any origin and any size, and must have answered the request when it fails.
func NewServer(accept func(http.ResponseWriter, *http.Request) (transport.Conn, error)) *Server {
	s := &Server{unanswered: make(map[string]int)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.mux.HandleFunc("/peer", func(w http.ResponseWriter, r *http.Request) {
		tap := &tap{ResponseWriter: w}
		conn, err := accept(tap, r)
		if err == nil && !s.begin(func() { s.peer.Serve(s.ctx, dropper{conn, tap.conn}) }) {
			conn.Close(0, "")
		}
	})
	s.mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(append([]byte(r.Method+" "), body...))
	})
	s.mux.HandleFunc("/status", func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.FormValue("code"))
		w.Header().Set("Content-Type", "text/plain")
		if after := r.FormValue("after"); after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(code)
		_, _ = fmt.Fprintf(w, "status %d", code)
	})
	// A body of n bytes, with its length announced or in chunks.
	s.mux.HandleFunc("/body", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.FormValue("n"))
		w.Header().Set("Content-Type", "application/octet-stream")
		if r.FormValue("chunked") == "" {
			w.Header().Set("Content-Length", strconv.Itoa(n))
		} else {
			_ = http.NewResponseController(w).Flush()
		}
		_, _ = w.Write(make([]byte, n))
	})
	// An answer that breaks off.
	s.mux.HandleFunc("/truncated", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write(make([]byte, 10))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	// The way to /unanswered at another origin, which is this server by another name.
	s.mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.FormValue("code"))
		_, port, _ := net.SplitHostPort(r.Host)
		http.Redirect(w, r, "http://localhost:"+port+"/unanswered?name="+r.FormValue("name"), code)
	})
	// The connection breaks in place of an answer, and how often that was asked for.
	s.mux.HandleFunc("/unanswered", func(_ http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.unanswered[r.FormValue("name")]++
		s.mu.Unlock()
		panic(http.ErrAbortHandler)
	})
	s.mux.HandleFunc("/count", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		_, _ = fmt.Fprint(w, s.unanswered[r.FormValue("name")])
	})
	// No answer.
	s.mux.HandleFunc("/silent", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-s.ctx.Done():
		}
	})
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Allow-Methods", "*")
	w.Header().Set("Access-Control-Allow-Headers", "*")
	w.Header().Set("Access-Control-Expose-Headers", "*")
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// begin serves a connection, unless the server was closed before.
func (s *Server) begin(serve func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	s.serves.Go(serve)
	return true
}

// Close ends all connections and waits until they are served.
func (s *Server) Close() {
	s.mu.Lock()
	s.cancel()
	s.mu.Unlock()
	s.serves.Wait()
}

// tap remembers the connection that was hijacked.
type tap struct {
	http.ResponseWriter
	conn net.Conn
}

func (t *tap) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(t.ResponseWriter).Hijack()
	t.conn = conn
	return conn, rw, err
}

type dropper struct {
	transport.Conn
	conn net.Conn
}

func (d dropper) Drop() { _ = d.conn.Close() }
