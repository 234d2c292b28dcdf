package engine

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

var (
	errOverlap = errors.New("engine: overlapping polling requests")
	errAborted = errors.New("engine: polling request aborted")
)

// poll is a GET that waits for something to send.
type poll struct {
	wake   chan struct{}       // holds a token when there is something, or answer is set
	answer []transport.Message // what to answer in place of what waits in the outbox; guarded by the session's mu
}

// wakePoll makes the GET that waits take what is there. The caller holds mu.
func (s *Session) wakePoll() {
	if s.poll != nil {
		select {
		case s.poll.wake <- struct{}{}:
		default: // it is about to look
		}
	}
}

// answer ends the GET that waits. What is in the outbox stays there. The caller holds mu.
func (s *Session) answer(messages []transport.Message) {
	if s.poll != nil {
		s.poll.answer = messages
		s.wakePoll()
		s.poll = nil
	}
}

// servePollingHandshake opens a session on polling.
func (s *Server) servePollingHandshake(w http.ResponseWriter, r *http.Request) {
	session := s.open(nil, r)
	if session == nil {
		writeUnavailable(w)
		return
	}
	if s.config.Cookie != nil {
		http.SetCookie(w, s.config.Cookie(session.id, r))
	}
	session.writePayload(w, []transport.Message{session.handshake()})
}

// serveGet answers with what waits to be sent, and waits for it if it must.
func (s *Session) serveGet(w http.ResponseWriter, r *http.Request) {
	p := &poll{wake: make(chan struct{}, 1)}
	if !s.beginPoll(p, w) {
		return
	}
	select {
	case <-p.wake:
	case <-r.Context().Done():
		s.mu.Lock()
		waiting := s.poll == p
		if waiting {
			s.poll = nil
		}
		s.mu.Unlock()
		if waiting {
			s.End(TransportError, errAborted)
		}
		return
	}
	s.mu.Lock()
	messages, last := p.answer, false
	if messages == nil {
		s.poll = nil
		messages, last = s.take()
	}
	s.mu.Unlock()

	s.writePayload(w, messages)
	if last {
		s.End(ForcedClose, nil)
	}
}

// beginPoll makes p the one GET of the session, or answers it.
func (s *Session) beginPoll(p *poll, w http.ResponseWriter) bool {
	s.mu.Lock()
	refused, overlap := s.misplaced(), s.poll != nil
	begun := refused == nil && !overlap
	if begun {
		s.poll = p
		if s.outbox.Len() > 0 || s.state == closing {
			s.wakePoll()
		}
	}
	s.mu.Unlock()
	if !begun {
		s.turnAway(w, refused)
	}
	return begun
}

// misplaced returns what is wrong with a polling request, if anything: the session
// may have changed since it was looked up. The caller holds mu.
func (s *Session) misplaced() *requestError {
	switch {
	case s.state == closed:
		return errSession
	case s.conn != nil:
		return errRequest
	}
	return nil
}

// turnAway answers a polling request that cannot be served. One that is not
// misplaced overlaps another of its kind, which ends the session.
func (s *Session) turnAway(w http.ResponseWriter, misplaced *requestError) {
	if misplaced != nil {
		misplaced.write(w, false)
		return
	}
	writeBody(w, http.StatusBadRequest, plain, nil)
	s.End(TransportError, errOverlap)
}

// take returns what fits into one response, at least one group. When the session
// is closing and nothing is left, it is the close packet, and last is true: alone,
// because clients act on it before the packets it arrives with. The caller holds mu.
func (s *Session) take() (messages []transport.Message, last bool) {
	room := s.server.config.MaxPayload
	fits := func(group []transport.Message) bool {
		first := len(messages) == 0
		for _, m := range group {
			room -= 1 + engineio.PayloadSize(m)
		}
		if room < 0 && !first {
			return false
		}
		messages = append(messages, group...)
		return true
	}
	s.outbox.Take(fits, groupSize)
	if s.state == closing && len(messages) == 0 {
		return closePacket, true
	}
	return messages, false
}

// writePayload answers a GET. It sends the response on its way before it returns.
func (s *Session) writePayload(w http.ResponseWriter, messages []transport.Message) {
	size := 0
	for _, m := range messages {
		size += 1 + engineio.PayloadSize(m)
	}
	control := http.NewResponseController(w)
	control.SetWriteDeadline(time.Now().Add(s.server.config.WriteTimeout)) // where the writer can
	defer control.SetWriteDeadline(time.Time{})
	w.Header().Set("Cache-Control", "no-store")
	err := writeBody(w, http.StatusOK, "text/plain; charset=UTF-8", engineio.AppendPayload(make([]byte, 0, size), messages...))
	if err == nil {
		err = control.Flush()
	}
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		s.End(TransportError, err)
	}
}

func groupSize(group []transport.Message) (size int) {
	for _, m := range group {
		size += len(m.Data)
	}
	return size
}

const plain = "text/plain; charset=utf-8"

func writeBody(w http.ResponseWriter, status int, contentType string, body []byte) error {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}
