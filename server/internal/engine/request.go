package engine

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// requestError is the answer to a request that belongs to no session, or does not fit its session.
// engine.io/lib/server.ts Server.errors
type requestError struct {
	code    int
	message string
}

var (
	errTransport = &requestError{0, "Transport unknown"}
	errSession   = &requestError{1, "Session ID unknown"}
	errMethod    = &requestError{2, "Bad handshake method"}
	errRequest   = &requestError{3, "Bad request"}
	errVersion   = &requestError{5, "Unsupported protocol version"}
)

func forbidden(err error) *requestError { return &requestError{4, err.Error()} }

// write answers with the error: JSON for a polling request, plain text for a
// client that asked for a WebSocket.
func (e *requestError) write(w http.ResponseWriter, websocket bool) {
	if websocket {
		w.Header().Set("Connection", "close")
		writeBody(w, http.StatusBadRequest, plain, []byte(e.message))
		return
	}
	status := http.StatusBadRequest
	if e.code == 4 {
		status = http.StatusForbidden
	}
	body, err := json.Marshal(struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{e.code, e.message})
	if err != nil {
		panic("BUG: engine: encode request error: " + err.Error()) // an integer and a string always encode
	}
	writeBody(w, status, "application/json", body)
}

// request is what a client's URL says.
type request struct {
	transport string
	sid       string
	version   string
	websocket bool // asks to become a WebSocket
}

// parseRequest reads the query. Of a key given twice the last counts, as for the
// reference implementation.
func parseRequest(r *http.Request) request {
	query := r.URL.Query()
	last := func(key string) string {
		if values := query[key]; len(values) > 0 {
			return values[len(values)-1]
		}
		return ""
	}
	return request{
		transport: last("transport"),
		sid:       last("sid"),
		version:   last("EIO"),
		websocket: strings.EqualFold(r.Header.Get("Upgrade"), "websocket"),
	}
}

// check verifies the request in the order of engine.io/lib/server.ts verify. It
// returns the session it belongs to, nil for a handshake.
func (s *Server) check(q request, r *http.Request) (*Session, *requestError) {
	switch q.transport {
	case "polling":
		if !s.config.Polling {
			return nil, errTransport
		}
	case "websocket":
		if !s.config.WebSocket {
			return nil, errTransport
		}
	default:
		return nil, errTransport
	}
	if q.sid != "" {
		session := s.session(q.sid)
		switch {
		case session == nil:
			return nil, errSession
		case q.websocket != (q.transport == "websocket"),
			!q.websocket && q.transport != session.transport(),
			q.version != protocolVersion:
			return nil, errRequest
		}
		return session, nil
	}
	switch {
	case r.Method != http.MethodGet:
		return nil, errMethod
	case q.websocket != (q.transport == "websocket"):
		return nil, errRequest
	}
	if s.config.AllowRequest != nil {
		if err := s.config.AllowRequest(r); err != nil {
			return nil, forbidden(err)
		}
	}
	if q.version != protocolVersion {
		return nil, errVersion
	}
	return nil, nil
}

// protocolVersion is the value of the EIO query parameter.
const protocolVersion = "4"

// ServeHTTP serves a request of the protocol, whatever its path.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.ContentLength != 0 {
		// Also for a body that nobody wants: net/http reads some of it before it answers.
		http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.config.BodyTimeout)) // where the writer can
	}
	q := parseRequest(r)
	session, refused := s.check(q, r)
	switch {
	case refused != nil:
		refused.write(w, q.websocket)
	case session == nil && !s.admits():
		writeUnavailable(w)
	case q.websocket:
		s.serveWebSocket(w, r, session)
	case session == nil:
		s.servePollingHandshake(w, r)
	case r.Method == http.MethodGet:
		session.serveGet(w, r)
	case r.Method == http.MethodPost:
		session.servePost(w, r)
	default:
		writeBody(w, http.StatusMethodNotAllowed, plain, nil)
	}
}

// writeUnavailable answers a handshake that the server does not take now.
func writeUnavailable(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "5") // seconds
	writeBody(w, http.StatusServiceUnavailable, plain, nil)
}

// transport returns the name of the session's transport.
func (s *Session) transport() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		return "websocket"
	}
	return "polling"
}
