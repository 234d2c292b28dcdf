//go:build !js

package engineserver

import (
	"net/http"

	"github.com/isosocket/isosocket/transport"
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
	conn, err := s.accept(w, r)
	if err != nil {
		if handshake {
			s.giveUp()
		}
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
	session.Send([]transport.Message{session.handshake()}, Control)
	go func() { // ends with conn, waited for by running, which open has counted it in
		defer s.running.Done()
		session.core.Read(conn)
	}()
}
