//go:build !js

package engineserver

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
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
	moved   atomic.Int64 // bytes of bodies that have left and arrived

	// The following are guarded by the session's lock.

	poll    *poll // the GET that waits; nil when there is none
	parted  bool  // the answer with the last packet was taken
	post    *post // the POST that is being served; nil when there is none
	held    int   // bytes of answers
	repeats repeats
	upgrade upgrade
}

// poll is a GET that waits for something to send.
type poll struct {
	wake   chan struct{}       // holds a token when there is something, or answer is set
	stamp  stamp               // 0 if it cannot be recognized
	answer []transport.Message // what to answer in place of what waits in the outbox; guarded by the session's lock
	moved  bool                // the session has moved to a WebSocket; guarded by the session's lock

	// The client has sent it again, and waits for the answer to that. Guarded by the
	// session's lock.
	repeated bool
}

func (p *polling) Name() engineio.Transport { return engineio.Polling }
func (p *polling) Ready() bool              { return p.poll != nil }
func (p *polling) Moved() int64             { return p.moved.Load() }
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
	packet := []transport.Message{engineio.Encode(engineio.Packet{Type: last})}
	p.bid(packet)
	p.answer(packet)
	tried := p.upgrade.conn
	p.upgrade.end()
	return func() {
		if tried != nil {
			tried.Close(0, "")
		}
	}
}

// bid leaves the last packet for a client that no GET of waits for it, or whose GET is
// repeated. One that has broken the protocol, or was silent, finds its session unknown.
// The caller holds the lock.
func (p *polling) bid(packet []transport.Message) {
	left := &farewell{sid: p.session.core.ID, packet: packet, varied: p.repeats.varied}
	switch a := p.repeats.answer; {
	case p.poll != nil:
		left.given, left.stamp = true, p.poll.stamp
	case a != nil && a.last:
		left.given, left.stamp = true, a.stamp
	case p.parted:
		return
	default:
		switch p.session.core.Reason() {
		case engineio.PingTimeout, engineio.ParseError, engineio.TransportError:
			return
		}
	}
	if !left.given || left.stamp != 0 {
		p.session.server.farewells.add(left)
	}
}

// servePollingHandshake opens a session on polling.
func (s *Server) servePollingHandshake(w http.ResponseWriter, r *http.Request, t stamp) {
	if err := s.begin(true); err != nil {
		s.rejectBusy(w, r, err)
		return
	}
	defer s.running.Done()
	opened := s.openInPlace(nil, r)
	if opened == nil {
		s.rejectBusy(w, r, errEnded)
		return
	}
	if s.options.Cookie != nil {
		http.SetCookie(w, s.options.Cookie(opened.core.ID, r))
	}
	opened.core.Lock()
	opened.polling.repeats.see(t)
	opened.core.Unlock()
	if err := s.respondPackets(opened.polling, w, []transport.Message{opened.handshake()}); err != nil {
		opened.Abort(engineio.TransportError, err)
	}
}

// serveGet answers with what waits to be sent, and waits for it if it must.
func (p *polling) serveGet(w http.ResponseWriter, r *http.Request, t stamp) {
	p.session.core.CatchUp() // the heartbeat may have ended it
	get := &poll{wake: make(chan struct{}, 1)}
	var a *answer
	var try int
	if !p.begin(w, r, t, func(t stamp) bool {
		get.stamp = t
		switch a = p.repeats.again(t); {
		case a != nil:
			a.tries++
			a.holders++
			try = a.tries
			return true
		case p.poll == nil:
		case t != 0 && p.poll.stamp == t: // its connection is lost, which we have not noticed
			p.poll.repeated = true
			p.answer(noop)
		default:
			return false
		}
		p.forget() // the client has it
		p.poll = get
		if p.session.core.Pending() {
			p.Queued()
		}
		return true
	}) {
		return
	}
	if a == nil {
		if !p.wait(get, r) {
			return
		}
		if a, try = p.take(get); a == nil { // the session has moved to a WebSocket
			p.session.server.reject(w, r, reject(engineio.CodeBadRequest), false)
			return
		}
	}
	p.write(w, a, try)
}

// wait returns when the GET is to be answered. It reports false when its client has
// gone, which ends the session.
func (p *polling) wait(get *poll, r *http.Request) bool {
	ctx := r.Context()
	var late <-chan time.Time
	if deadline, ok := ctx.Deadline(); ok { // a router's, which would answer in our place
		left := time.Until(deadline)
		timer := time.NewTimer(left - min(left/10, time.Second))
		defer timer.Stop()
		late = timer.C
	}
	core := &p.session.core
	select {
	case <-get.wake:
	case <-late:
	case <-p.session.server.hosts.down(r):
		core.CloseFor(engineio.ForcedClose, ErrShutdown) // the client finds another host sooner than by asking this one
		<-get.wake
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			break
		}
		core.Lock()
		waiting := p.poll == get
		if waiting {
			p.poll = nil
		}
		core.Unlock()
		if waiting {
			p.session.Abort(engineio.TransportError, ErrAborted)
		}
		return false
	}
	return true
}

// take returns what to answer a GET with, and which try it is. It returns nil when the
// session has moved to a WebSocket.
func (p *polling) take(get *poll) (a *answer, try int) {
	core := &p.session.core
	core.Lock()
	defer core.Unlock()
	if get.moved {
		return nil, 0
	}
	a = &answer{packets: get.answer, stamp: get.stamp, tries: 1, holders: 1}
	if a.packets == nil {
		p.poll = nil
		a.taken = core.Take(p.session.server.options.MaxPayload)
		a.packets, a.last = a.taken.Packets, a.taken.End
		p.held += a.taken.Bytes
	}
	if len(a.packets) == 0 {
		a.packets = noop
	}
	p.parted = a.last
	if a.stamp != 0 && !get.repeated && core.State() != session.Closed {
		p.repeats.answer = a
		a.holders++
	}
	return a, a.tries
}

// release is called by one of those who hold the answer, with the session's lock held.
func (p *polling) release(a *answer) {
	if a.holders--; a.holders == 0 {
		a.taken.Release()
		p.held -= a.taken.Bytes
	}
}

// forget says that the last answer will not be asked for again. The caller holds the lock.
func (p *polling) forget() {
	if a := p.repeats.answer; a != nil {
		p.repeats.answer = nil
		p.release(a)
	}
}

// write answers a GET. That the answer does not reach the client ends the session,
// unless the client has asked for it again meanwhile.
func (p *polling) write(w http.ResponseWriter, a *answer, try int) {
	err := p.session.server.respondPackets(p, w, a.packets)
	core := &p.session.core
	core.Lock()
	again := a.tries != try
	p.release(a)
	core.Unlock()
	switch {
	case again:
	case err != nil:
		p.session.Abort(engineio.TransportError, err)
	case a.last:
		p.session.Abort(engineio.ForcedClose, nil)
	}
}

// begin calls take with the lock held to make a request the one of its kind, with the
// stamp that it is recognized by, or 0. One that does not fit the session, which may
// have changed since it was looked up, is rejected. One that overlaps another of its
// kind ends the session.
func (p *polling) begin(w http.ResponseWriter, r *http.Request, t stamp, take func(t stamp) bool) bool {
	core := &p.session.core
	var why *Rejection
	begun := false
	core.Lock()
	known := p.repeats.see(t)
	switch {
	case core.State() == session.Closed:
		why = reject(engineio.CodeSessionUnknown)
	case core.On() != engineio.Polling:
		why = reject(engineio.CodeBadRequest)
	default:
		begun = take(known)
	}
	core.Unlock()
	switch {
	case why != nil && why.Code == engineio.CodeSessionUnknown:
		p.session.server.rejectUnknown(w, r, core.ID, t)
	case why != nil:
		p.session.server.reject(w, r, why, false)
	case !begun:
		p.session.server.respond(w, http.StatusBadRequest, plain, nil)
		p.session.server.options.Rejected(r, Rejection{Status: http.StatusBadRequest, Code: engineio.CodeNone, Err: errOverlap, Ended: true})
		p.session.Abort(engineio.TransportError, errOverlap)
	}
	return begun
}

// respondPackets answers a GET of the session, or of one that is no more.
func (s *Server) respondPackets(p *polling, w http.ResponseWriter, packets []transport.Message) error {
	size := 0
	for _, m := range packets {
		size += 1 + s.options.Revision.PayloadSize(m)
	}
	s.config.Budget.Hold(size)
	defer s.config.Budget.Hold(-size)
	w.Header().Set("Cache-Control", "no-store")
	return s.respondTo(p, w, http.StatusOK, "text/plain; charset=UTF-8", s.options.Revision.AppendPayload(make([]byte, 0, size), packets...))
}
