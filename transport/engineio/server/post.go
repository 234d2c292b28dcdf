//go:build !js

package engineserver

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/isosocket/isosocket/transport/engineio"
)

var errBinary = errors.New("engineio: binary polling body")

// post is a POST that is being served.
type post struct {
	abort func()        // makes reading its body fail; nil once it was read or aborted; guarded by the session's lock
	done  chan struct{} // closed when its packets were received
}

// servePost receives the packets in the body.
func (p *polling) servePost(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	served := &post{
		abort: func() { control.SetReadDeadline(time.Unix(1, 0)) },
		done:  make(chan struct{}),
	}
	if !p.begin(w, r, func() bool {
		if p.post != nil {
			return false
		}
		p.post = served
		return true
	}) {
		return
	}
	body, status, err := p.readPost(w, r)
	core := &p.session.core
	core.Lock()
	if served.abort == nil {
		// The deadline in the past may come late, and is the connection's: it would
		// end the next request on it.
		w.Header().Set("Connection", "close")
	}
	served.abort = nil
	core.Unlock()

	if err != nil {
		p.session.Abort(engineio.TransportError, err)
	}
	if status == http.StatusOK {
		control.SetReadDeadline(time.Time{})
		p.receivePayload(body)
	}
	core.Lock()
	p.post = nil
	core.Unlock()
	close(served.done)
	if status != http.StatusOK {
		writeBody(w, status, plain, nil)
		p.session.server.options.Rejected(r, Rejection{Status: status, Code: engineio.CodeNone, Err: err, Ended: err != nil})
		return
	}
	writeBody(w, status, "text/html", []byte("ok"))
}

// abortPost makes reading the body of a POST fail, also of one that is still being
// read when the session has moved to a WebSocket.
func (p *polling) abortPost() {
	core := &p.session.core
	core.Lock()
	var abort func()
	if p.post != nil {
		abort, p.post.abort = p.post.abort, nil
	}
	core.Unlock()
	if abort != nil {
		abort()
	}
}

// readPost returns the body, and the status to answer with. An error ends the session.
func (p *polling) readPost(w http.ResponseWriter, r *http.Request) (body []byte, status int, err error) {
	// Protocol 4 has no binary bodies, they are base64. engine.io/lib/transports/polling.ts onDataRequest
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "application/octet-stream" {
		return nil, http.StatusBadRequest, errBinary
	}
	limit := int64(p.session.server.options.MaxPayload)
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
func (p *polling) receivePayload(body []byte) {
	o := &p.session.server.options
	for packet, err := range o.Revision.DecodePayload(body, o.MaxPackets) {
		if err != nil {
			p.session.Abort(engineio.ParseError, err)
			return
		}
		p.session.core.Receive(packet)
	}
}
