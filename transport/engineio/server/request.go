//go:build !js

package engineserver

import (
	"net/http"
	"strings"
	"time"

	"github.com/isosocket/isosocket/transport/engineio"
)

// Rejection is the answer to a request that belongs to no session, or does not fit
// its session.
type Rejection struct {
	Status int           // of the HTTP response; 0 for a WebSocket handshake that failed, Err says why
	Code   engineio.Code // that the client saw, CodeNone if it saw none
	Err    error         // says more than Code, or is nil; that of AllowRequest is the message
}

func reject(code engineio.Code) *Rejection {
	return &Rejection{Status: http.StatusBadRequest, Code: code}
}

// reject answers with the error: JSON for a polling request, plain text for a
// client that asked for a WebSocket.
func (s *Server) reject(w http.ResponseWriter, r *http.Request, why *Rejection, websocket bool) {
	message := why.Code.String()
	if why.Err != nil {
		message = why.Err.Error()
	}
	if websocket {
		why.Status = http.StatusBadRequest
		w.Header().Set("Connection", "close")
		s.respond(w, why.Status, plain, []byte(message))
	} else {
		s.respond(w, why.Status, "application/json", engineio.AppendCode(nil, why.Code, message))
	}
	s.options.Rejected(r, *why)
}

// rejectUnknown answers a request for a session that has ended, or never was.
func (s *Server) rejectUnknown(w http.ResponseWriter, r *http.Request, sid string, t stamp) {
	if r.Method == http.MethodGet {
		if last := s.farewells.take(sid, t); last != nil {
			_ = s.respondPackets(nil, w, last) // nothing more can be done for the client
			return
		}
	}
	s.reject(w, r, reject(engineio.CodeSessionUnknown), false)
}

// rejectBusy answers a handshake that the server does not take now.
func (s *Server) rejectBusy(w http.ResponseWriter, r *http.Request) {
	defer s.options.Rejected(r, Rejection{http.StatusServiceUnavailable, engineio.CodeNone, errBusy})
	w.Header().Set("Retry-After", "5") // seconds
	s.respond(w, http.StatusServiceUnavailable, plain, nil)
}

// request is what a client's URL says.
type request struct {
	transport engineio.Transport
	sid       string
	version   string
	stamp     stamp
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
		transport: engineio.Transport(last("transport")),
		sid:       last("sid"),
		version:   last("EIO"),
		stamp:     stampOf(last("t")),
		websocket: strings.EqualFold(r.Header.Get("Upgrade"), "websocket"),
	}
}

// check verifies the request in the order of engine.io/lib/server.ts verify. It
// returns the session it belongs to, nil for a handshake.
func (s *Server) check(q request, r *http.Request) (*Session, *Rejection) {
	if !s.has(q.transport) {
		return nil, reject(engineio.CodeTransportUnknown)
	}
	misused := q.websocket != (q.transport == engineio.WebSocket)
	version := q.version == s.options.Revision.Number
	if q.sid != "" {
		session := s.session(q.sid)
		switch {
		case session == nil:
			return nil, reject(engineio.CodeSessionUnknown)
		case misused, !q.websocket && q.transport != session.Transport(), !version:
			return nil, reject(engineio.CodeBadRequest)
		}
		return session, nil
	}
	switch {
	case r.Method != http.MethodGet:
		return nil, reject(engineio.CodeBadMethod)
	case misused:
		return nil, reject(engineio.CodeBadRequest)
	}
	if s.options.AllowRequest != nil {
		if err := s.options.AllowRequest(r); err != nil {
			return nil, &Rejection{http.StatusForbidden, engineio.CodeForbidden, err}
		}
	}
	if !version {
		return nil, reject(engineio.CodeVersion)
	}
	return nil, nil
}

// ServeHTTP serves a request of the protocol, whatever its path.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.ContentLength != 0 {
		// Also for an unwanted body: net/http reads some of it before it answers.
		http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.options.StallTimeout)) // where the writer can
	}
	q := parseRequest(r)
	session, why := s.check(q, r)
	switch {
	case why != nil && why.Code == engineio.CodeSessionUnknown && !q.websocket:
		s.rejectUnknown(w, r, q.sid, q.stamp)
	case why != nil:
		s.reject(w, r, why, q.websocket)
	case q.websocket:
		s.serveWebSocket(w, r, session)
	case session == nil:
		s.servePollingHandshake(w, r, q.stamp)
	case session.polling == nil:
		s.reject(w, r, reject(engineio.CodeBadRequest), false)
	case r.Method == http.MethodGet:
		session.polling.serveGet(w, r, q.stamp)
	case r.Method == http.MethodPost:
		session.polling.servePost(w, r, q.stamp)
	default:
		w.Header().Set("Allow", "GET, POST")
		s.respond(w, http.StatusMethodNotAllowed, plain, nil)
		s.options.Rejected(r, Rejection{Status: http.StatusMethodNotAllowed, Code: engineio.CodeNone})
	}
}
