//go:build !js

package engineserver

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// progressSize is how many bytes must arrive or leave within Options.StallTimeout.
const progressSize = 10_000

// pieceSize is how many bytes are written at a time. Each piece has a StallTimeout.
const pieceSize = 8 << 10

const plain = "text/plain; charset=utf-8"

// respond sends a response on its way before it returns. A client may take as long as
// it needs, but must make progress.
func (s *Server) respond(w http.ResponseWriter, status int, contentType string, body []byte) error {
	return s.respondTo(nil, w, status, contentType, body)
}

// respondTo is respond to the client of a session, or to none that is known.
func (s *Server) respondTo(p *polling, w http.ResponseWriter, status int, contentType string, body []byte) error {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	control := http.NewResponseController(w)
	defer control.SetWriteDeadline(time.Time{})
	w.WriteHeader(status)
	allowed := 2 * s.options.StallTimeout // net/http reads what is left of the request first
	for more := true; more; more = len(body) > 0 {
		control.SetWriteDeadline(time.Now().Add(allowed)) // where the writer can
		n, err := w.Write(body[:min(len(body), pieceSize)])
		if err != nil {
			return err
		}
		if p != nil {
			p.moved.Add(int64(n))
		}
		body = body[n:]
		allowed = s.options.StallTimeout
	}
	if err := control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// arriving is the body of a request, which must make progress.
type arriving struct {
	io.Reader
	moved *atomic.Int64
	more  func() // gives it another StallTimeout
	since int    // bytes read after that
}

func (a *arriving) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	a.moved.Add(int64(n))
	if a.since += n; a.since >= progressSize {
		a.since = 0
		a.more()
	}
	return n, err
}
