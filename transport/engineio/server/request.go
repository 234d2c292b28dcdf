//go:build !js

package engineserver

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/isosocket/isosocket/transport/engineio"
)

// Rejection is the answer to a request that belongs to no session, or does not fit
// its session.
type Rejection struct {
	Status int           // of the HTTP response; 0 if the client had gone before it
	Code   engineio.Code // that the client saw, CodeNone if it saw none
	Err    error         // says more than Code, or is nil; that of AllowRequest is the message
	Ended  bool          // the request's session was ended by it, with Err
}

var (
	errFull    = errors.New("engineio: as many sessions as there may be")
	errMisused = errors.New("engineio: transport=websocket without, or another transport with, the header Upgrade: websocket")
	errEnded   = errors.New("engineio: session ended while it was opened")
	errHeader  = errors.New("engineio: URL and headers are too large")
)

func reject(code engineio.Code) *Rejection {
	return &Rejection{Status: http.StatusBadRequest, Code: code}
}

// reject answers with the error: JSON for a polling request, plain text for a
// client that asked for a WebSocket.
func (s *Server) reject(w http.ResponseWriter, r *http.Request, why *Rejection, websocket bool) {
	message := why.Code.String()
	if why.Code == engineio.CodeForbidden {
		message = why.Err.Error()
	}
	switch {
	case why.Code == engineio.CodeNone:
		s.respond(w, why.Status, plain, nil)
	case websocket:
		why.Status = http.StatusBadRequest
		w.Header().Set("Connection", "close")
		s.respond(w, why.Status, plain, []byte(message))
	default:
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

// rejectBusy answers a request that the server does not take now.
func (s *Server) rejectBusy(w http.ResponseWriter, r *http.Request, why error) {
	defer s.options.Rejected(r, Rejection{Status: http.StatusServiceUnavailable, Code: engineio.CodeNone, Err: why, Ended: why == errEnded})
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
		case misused:
			return nil, &Rejection{Status: http.StatusBadRequest, Code: engineio.CodeBadRequest, Err: errMisused}
		case !q.websocket && q.transport != session.Transport(), !version:
			return nil, reject(engineio.CodeBadRequest)
		}
		return session, nil
	}
	switch {
	case r.Method != http.MethodGet:
		return nil, reject(engineio.CodeBadMethod)
	case misused:
		return nil, &Rejection{Status: http.StatusBadRequest, Code: engineio.CodeBadRequest, Err: errMisused}
	case s.options.MaxHeader > 0 && headerSize(r) > s.options.MaxHeader:
		return nil, &Rejection{Status: http.StatusRequestHeaderFieldsTooLarge, Code: engineio.CodeNone, Err: errHeader}
	}
	if s.options.AllowRequest != nil {
		if err := s.options.AllowRequest(r); err != nil {
			return nil, &Rejection{Status: http.StatusForbidden, Code: engineio.CodeForbidden, Err: err}
		}
	}
	if !version {
		return nil, reject(engineio.CodeVersion)
	}
	return nil, nil
}

// What a header is held in beside its text, in bytes: the place of a name in the map, and
// of a value in the slice of its name.
const (
	nameOverhead  = 64
	valueOverhead = 16
)

// headerSize returns how many bytes a copy of the URL and the headers holds.
func headerSize(r *http.Request) int {
	size := len(r.Host) + len(r.URL.Path) + len(r.URL.RawPath) + len(r.URL.RawQuery)
	for name, values := range r.Header {
		size += nameOverhead + len(name)
		for _, value := range values {
			size += valueOverhead + len(value)
		}
	}
	return size
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
