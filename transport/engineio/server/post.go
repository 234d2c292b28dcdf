//go:build !js

package engineserver

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/isosocket/isosocket/transport/engineio"
)

var (
	errBinary   = errors.New("engineio: binary polling body")
	errEncoding = errors.New("engineio: polling body with a content encoding")
	errLarge    = errors.New("engineio: polling body over the limit")
)

// post is a POST that is being served.
type post struct {
	stamp    stamp         // 0 if it cannot be recognized
	reading  bool          // its body arrives; guarded by the session's lock
	repeated bool          // it was sent again while it was served; guarded by the session's lock
	done     chan struct{} // closed when its packets were received

	mu      sync.Mutex
	control *http.ResponseController // nil once the body was read, and the handler may return; guarded by mu
	aborted bool                     // guarded by mu
}

// abort makes reading the body fail.
func (p *post) abort() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.control != nil {
		p.aborted = true
		p.control.SetReadDeadline(time.Unix(1, 0))
	}
}

// more gives the body more time.
func (p *post) more(stall time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.aborted {
		p.control.SetReadDeadline(time.Now().Add(stall))
	}
}

// read says that the body is read no more. It reports whether that was aborted. What
// is left of the body, which net/http may read, keeps its deadline.
func (p *post) read(all bool) (aborted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if all && !p.aborted {
		p.control.SetReadDeadline(time.Time{})
	}
	p.control = nil
	return p.aborted
}

// servePost receives the packets in the body.
func (p *polling) servePost(w http.ResponseWriter, r *http.Request, t stamp) {
	served := &post{reading: true, done: make(chan struct{}), control: http.NewResponseController(w)}
	for first := served; first != nil; {
		lost := false
		if !p.begin(w, r, t, func(t stamp) bool {
			first, served.stamp = p.post, t
			if first == nil {
				p.post = served
				return true
			}
			lost = first.reading // with its connection, which we have not noticed
			first.repeated = t != 0 && t == first.stamp
			return first.repeated
		}) {
			return
		}
		if lost {
			first.abort()
		}
		if first != nil {
			<-first.done
		}
	}
	body, status, err := p.readPost(w, r, served)
	if served.read(status == http.StatusOK) {
		if r.ProtoMajor == 1 { // the deadline in the past is the connection's: it would end the next request on it
			w.Header().Set("Connection", "close")
		}
		if status == http.StatusRequestTimeout {
			status = http.StatusBadRequest
		}
	}
	core := &p.session.core
	core.Lock()
	served.reading = false
	repeated := served.repeated
	fresh := status == http.StatusOK && p.repeats.receive(served.stamp, body)
	core.Unlock()

	switch {
	case fresh:
		p.receivePayload(body)
	case err != nil && !repeated:
		p.session.Abort(engineio.TransportError, err)
	}
	core.Lock()
	p.post = nil
	core.Unlock()
	close(served.done)
	if status != http.StatusOK {
		p.session.server.respond(w, status, plain, nil)
		p.session.server.options.Rejected(r, Rejection{Status: status, Code: engineio.CodeNone, Err: err, Ended: err != nil})
		return
	}
	p.session.server.respond(w, status, "text/html", []byte("ok")) // a client that does not get it repeats the request, or ends
}

// abortPost makes reading the body of a POST fail, also of one that is still being
// read when the session has moved to a WebSocket.
func (p *polling) abortPost() {
	core := &p.session.core
	core.Lock()
	post := p.post
	core.Unlock()
	if post != nil {
		post.abort()
	}
}

// readPost returns the body, and the status to answer with. An error ends the session.
func (p *polling) readPost(w http.ResponseWriter, r *http.Request, served *post) (body []byte, status int, err error) {
	// Protocol 4 has no binary bodies, they are base64. engine.io/lib/transports/polling.ts onDataRequest
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "application/octet-stream" {
		return nil, http.StatusBadRequest, errBinary
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, http.StatusUnsupportedMediaType, errEncoding
	}
	o := &p.session.server.options
	limit := int64(o.MaxPayload)
	if r.ContentLength > limit {
		return nil, http.StatusRequestEntityTooLarge, errLarge
	}
	served.more(o.StallTimeout) // it may have waited
	// The length announced is not trusted: the buffer grows with what arrives.
	body, err = io.ReadAll(&arriving{
		Reader: http.MaxBytesReader(w, r.Body, limit),
		moved:  &p.moved,
		more:   func() { served.more(o.StallTimeout) },
	})
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, http.StatusRequestEntityTooLarge, errLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, http.StatusRequestTimeout, err
	case err != nil:
		return nil, http.StatusBadRequest, err
	}
	return body, http.StatusOK, nil
}

// receivePayload delivers the packets of a body.
func (p *polling) receivePayload(body []byte) {
	for packet, err := range p.session.server.options.Revision.DecodePayload(body, 0) {
		if err != nil {
			(*user)(p.session).Conclude(engineio.ParseError, err)
			return
		}
		p.session.core.Receive(packet)
	}
}
