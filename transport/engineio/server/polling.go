//go:build !js

package engineserver

import (
	"errors"
	"net/http"
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/engineio/internal/session"
)

// ErrAborted is the cause of a session's end by a client that gave up a GET, as a page
// does that is closed.
var ErrAborted = errors.New("engineio: polling request aborted")

var (
	errOverlap = errors.New("engineio: overlapping polling requests")

	noop = []transport.Message{engineio.Encode(engineio.Packet{Type: engineio.TypeNoop})}
)

// polling is the transport of a session until it moves to a WebSocket, if it does.
// The outbox rests; a GET takes what is there, and waits for it if it must.
// https://socket.io/docs/v4/engine-io-protocol/#http-long-polling
type polling struct {
	session *Session

	// The following are guarded by the session's lock.

	poll    *poll // the GET that waits; nil when there is none
	post    *post // the POST that is being served; nil when there is none
	upgrade upgrade
}

// poll is a GET that waits for something to send.
type poll struct {
	wake   chan struct{}       // holds a token when there is something, or answer is set
	answer []transport.Message // what to answer in place of what waits in the outbox; guarded by the session's lock
}

func (p *polling) Name() engineio.Transport { return engineio.Polling }
func (p *polling) Ready() bool              { return p.poll != nil }
func (p *polling) Due() time.Time           { return p.upgrade.next() }

// Queued implements session.Transport: the GET that waits takes what is there.
func (p *polling) Queued() {
	if p.poll != nil {
		select {
		case p.poll.wake <- struct{}{}:
		default: // it is about to look
		}
	}
}

// answer ends the GET that waits. What is in the outbox stays there. The caller
// holds the lock.
func (p *polling) answer(packets []transport.Message) {
	if p.poll != nil {
		p.poll.answer = packets
		p.Queued()
		p.poll = nil
	}
}

// Advance implements session.Transport.
func (p *polling) Advance(now time.Time) (then func()) {
	answer, late := p.upgrade.advance(now)
	if answer {
		p.answer(noop)
	}
	if late == nil {
		return nil
	}
	return func() { late.Close(0, "") }
}

// End implements session.Transport.
func (p *polling) End(last engineio.Type) (then func()) {
	p.answer([]transport.Message{engineio.Encode(engineio.Packet{Type: last})})
	tried := p.upgrade.conn
	p.upgrade.end()
	return func() {
		if tried != nil {
			tried.Close(0, "")
		}
	}
}

// servePollingHandshake opens a session on polling.
func (s *Server) servePollingHandshake(w http.ResponseWriter, r *http.Request) {
	if err := s.begin(true); err != nil {
		s.rejectBusy(w, r, err)
		return
	}
	defer s.running.Done()
	var opened *Session
	defer func() { s.giveUp(opened == nil) }()
	opened = s.open(nil, r)
	if opened == nil {
		s.rejectBusy(w, r, errEnded)
		return
	}
	if s.options.Cookie != nil {
		http.SetCookie(w, s.options.Cookie(opened.core.ID, r))
	}
	opened.polling.writePayload(w, []transport.Message{opened.handshake()})
}

// serveGet answers with what waits to be sent, and waits for it if it must.
func (p *polling) serveGet(w http.ResponseWriter, r *http.Request) {
	get := &poll{wake: make(chan struct{}, 1)}
	if !p.begin(w, r, func() bool {
		if p.poll != nil {
			return false
		}
		p.poll = get
		if p.session.core.Pending() {
			p.Queued()
		}
		return true
	}) {
		return
	}
	core := &p.session.core
	select {
	case <-get.wake:
	case <-r.Context().Done():
		core.Lock()
		waiting := p.poll == get
		if waiting {
			p.poll = nil
		}
		core.Unlock()
		if waiting {
			p.session.Abort(engineio.TransportError, ErrAborted)
		}
		return
	}
	core.Lock()
	packets, last := get.answer, false
	if packets == nil {
		p.poll = nil
		packets, last = core.Take(p.session.server.options.MaxPayload)
	}
	core.Unlock()

	p.writePayload(w, packets)
	if last {
		p.session.Abort(engineio.ForcedClose, nil)
	}
}

// begin calls take with the lock held to make a request the one of its kind. One
// that does not fit the session, which may have changed since it was looked up, is
// rejected. One that overlaps another of its kind ends the session.
func (p *polling) begin(w http.ResponseWriter, r *http.Request, take func() bool) bool {
	core := &p.session.core
	var why *Rejection
	begun := false
	core.Lock()
	switch {
	case core.State() == session.Closed:
		why = reject(engineio.CodeSessionUnknown)
	case core.On() != engineio.Polling:
		why = reject(engineio.CodeBadRequest)
	default:
		begun = take()
	}
	core.Unlock()
	switch {
	case why != nil:
		p.session.server.reject(w, r, why, false)
	case !begun:
		writeBody(w, http.StatusBadRequest, plain, nil)
		p.session.server.options.Rejected(r, Rejection{Status: http.StatusBadRequest, Code: engineio.CodeNone, Err: errOverlap, Ended: true})
		p.session.Abort(engineio.TransportError, errOverlap)
	}
	return begun
}

// writePayload answers a GET. It sends the response on its way before it returns.
func (p *polling) writePayload(w http.ResponseWriter, packets []transport.Message) {
	o := &p.session.server.options
	size := 0
	for _, m := range packets {
		size += 1 + o.Revision.PayloadSize(m)
	}
	control := http.NewResponseController(w)
	control.SetWriteDeadline(time.Now().Add(o.WriteTimeout)) // where the writer can
	defer control.SetWriteDeadline(time.Time{})
	w.Header().Set("Cache-Control", "no-store")
	err := writeBody(w, http.StatusOK, "text/plain; charset=UTF-8", o.Revision.AppendPayload(make([]byte, 0, size), packets...))
	if err == nil {
		err = control.Flush()
	}
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		p.session.Abort(engineio.TransportError, err)
	}
}
