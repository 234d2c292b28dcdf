//go:build !js

package engineserver

import (
	"net/http"

	"github.com/isosocket/isosocket/transport/engineio"
)

// serveWebSocket accepts the WebSocket of a new session, or the one that a polling
// session is to move to. The session's reader is started and the HTTP handler
// returns, so that net/http frees what it holds for a request.
func (s *Server) serveWebSocket(w http.ResponseWriter, r *http.Request, session *Session) {
	handshake := session == nil
	if !s.begin(handshake) {
		s.rejectBusy(w, r)
		return
	}
	defer s.running.Done()
	defer func() { s.giveUp(handshake && session == nil) }() // also when user code panics
	conn, err := s.accept(w, r)
	if err != nil {
		s.options.Rejected(r, Rejection{Code: engineio.CodeNone, Err: err}) // answered by accept
		return
	}
	if !handshake {
		session.tryUpgrade(conn)
		return
	}
	session = s.open(conn, r)
	if session == nil {
		return // and conn is closed
	}
	go func() { // ends with conn, waited for by running, which open has counted it in
		defer s.running.Done()
		session.core.Read(conn)
	}()
}
