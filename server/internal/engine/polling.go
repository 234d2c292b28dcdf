package engine

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

var (
	errOverlap = errors.New("engine: overlapping polling requests")
	errAborted = errors.New("engine: polling request aborted")
	errBinary  = errors.New("engine: binary polling body")
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
		writeBody(w, http.StatusServiceUnavailable, plain, nil)
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
	if refused == nil && !overlap {
		s.poll = p
		if s.outbox.Len() > 0 || s.state == closing {
			s.wakePoll()
		}
	}
	s.mu.Unlock()
	switch {
	case refused != nil:
		refused.write(w, false)
		return false
	case overlap:
		writeBody(w, http.StatusBadRequest, plain, nil)
		s.End(TransportError, errOverlap)
		return false
	}
	return true
}

// misplaced returns what is wrong with a polling request, if anything: the session may have
// changed since it was looked up. The caller holds mu.
func (s *Session) misplaced() *requestError {
	switch {
	case s.state == closed:
		return errSession
	case s.conn != nil:
		return errRequest
	}
	return nil
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
	if refused == nil && !overlap {
		s.post = p
	}
	s.mu.Unlock()
	switch {
	case refused != nil:
		refused.write(w, false)
		return false
	case overlap:
		writeBody(w, http.StatusBadRequest, plain, nil)
		s.End(TransportError, errOverlap)
		return false
	}
	return true
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
	body, err = readBody(http.MaxBytesReader(w, r.Body, limit), r.ContentLength)
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

// readBody reads a body of the length announced, or -1.
func readBody(r io.Reader, length int64) ([]byte, error) {
	if length < 0 {
		return io.ReadAll(r)
	}
	body := make([]byte, length)
	_, err := io.ReadFull(r, body)
	return body, err
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
