//go:build !js

package engineserver

import (
	"errors"
	"net/http"

	"github.com/isosocket/isosocket/transport/engineio"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

// OriginAllowed reports whether the page that has sent the request is one of the host
// that it asks for, or its origin is listed, see transportnative.OriginAllowed.
func OriginAllowed(r *http.Request, patterns []string) bool {
	return transportnative.OriginAllowed(r, patterns)
}

// serveWebSocket accepts the WebSocket of a new session, or the one that a polling
// session is to move to. The session's reader is started and the HTTP handler
// returns, so that net/http frees what it holds for a request.
func (s *Server) serveWebSocket(w http.ResponseWriter, r *http.Request, session *Session) {
	handshake := session == nil
	if err := s.begin(handshake); err != nil {
		s.rejectBusy(w, r, err)
		return
	}
	defer s.running.Done()
	accepted := false
	defer func() { s.giveUp(handshake && !accepted) }() // also when user code panics
	conn, err := s.accept(w, r)
	accepted = err == nil
	if err != nil { // and the request was answered
		why := Rejection{Code: engineio.CodeNone, Err: err}
		if failed, ok := errors.AsType[*transportnative.AcceptError](err); ok {
			why.Status = failed.Status
		}
		s.options.Rejected(r, why)
		return
	}
	if !handshake {
		session.tryUpgrade(conn)
		return
	}
	defer func() {
		if session == nil { // ended by its user, whose code may have panicked
			conn.Close(0, "")
		}
	}()
	session = s.openInPlace(conn, r)
	if session == nil {
		return
	}
	go func() { // ends with conn, waited for by running, which open has counted it in
		defer s.running.Done()
		session.core.Read(conn)
	}()
}
