package engine

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/isosocket/isosocket/transport/engineio"
)

var errBinary = errors.New("engine: binary polling body")

// post is a POST that is being served.
type post struct {
	abort func()        // makes reading its body fail; nil once it was read or aborted; guarded by the session's mu
	done  chan struct{} // closed when its packets were received
}

// servePost receives the packets in the body.
func (s *Session) servePost(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	p := &post{
		abort: func() { control.SetReadDeadline(time.Unix(1, 0)) },
		done:  make(chan struct{}),
	}
	if !s.beginPost(p, w) {
		return
	}
	body, status, err := s.readPost(w, r)
	s.mu.Lock()
	if p.abort == nil {
		// The deadline in the past may come late, and is the connection's: it would
		// end the next request on it.
		w.Header().Set("Connection", "close")
	}
	p.abort = nil
	s.mu.Unlock()

	if err != nil {
		s.End(TransportError, err)
	}
	if status == http.StatusOK {
		control.SetReadDeadline(time.Time{})
		s.receivePayload(body)
	}
	s.mu.Lock()
	s.post = nil
	s.mu.Unlock()
	close(p.done)
	if status != http.StatusOK {
		writeBody(w, status, plain, nil)
		return
	}
	writeBody(w, status, "text/html", []byte("ok"))
}

// beginPost makes p the one POST of the session, or answers it.
func (s *Session) beginPost(p *post, w http.ResponseWriter) bool {
	s.mu.Lock()
	refused, overlap := s.misplaced(), s.post != nil
	begun := refused == nil && !overlap
	if begun {
		s.post = p
	}
	s.mu.Unlock()
	if !begun {
		s.turnAway(w, refused)
	}
	return begun
}

// readPost returns the body, and the status to answer with. An error ends the session.
func (s *Session) readPost(w http.ResponseWriter, r *http.Request) (body []byte, status int, err error) {
	// Protocol 4 has no binary bodies, they are base64. engine.io/lib/transports/polling.ts onDataRequest
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "application/octet-stream" {
		return nil, http.StatusBadRequest, errBinary
	}
	limit := int64(s.server.config.MaxPayload)
	if r.ContentLength > limit {
		return nil, http.StatusRequestEntityTooLarge, nil
	}
	// The length announced is not trusted: the buffer grows with what arrives.
	body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, http.StatusRequestEntityTooLarge, nil
	case err != nil:
		return nil, http.StatusBadRequest, err
	}
	return body, http.StatusOK, nil
}

// receivePayload delivers the packets of a body.
func (s *Session) receivePayload(body []byte) {
	for p, err := range engineio.DecodePayload(body, s.server.config.MaxPackets) {
		if err != nil {
			s.End(ParseError, err)
			return
		}
		s.receive(p)
	}
}
