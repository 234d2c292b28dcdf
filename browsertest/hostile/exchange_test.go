package hostile

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/stretchr/testify/require"
)

// exchange is a request that was begun: over HTTP/1.1 on a connection of its own, or on
// a stream of the one with HTTP/2.
type exchange interface {
	// write sends a part of the body.
	write(texts ...string)
	// end says that the body is complete, which it is over HTTP/1.1 by its length.
	end()
	// reset gives the request up: the connection is reset, or the stream.
	reset()
	// answer waits for the answer.
	answer() answer
}

// marked is an exchange whose arrival can be awaited.
type marked struct {
	exchange
	stage *stage
	mark  chan struct{}
}

// await returns when the server waits for more of the request, or to answer it.
func (m marked) await() { await(m.stage, m.mark) }

// answer implements exchange, and records the answer.
func (m marked) answer() answer {
	m.stage.Helper()
	a := m.exchange.answer()
	m.stage.say("%v", a)
	return a
}

// begin begins a request. length is that of the body, of which nothing is sent: 0 for
// none, negative for one without an announced length. The header is lines.
func (s *stage) begin(method, query string, length int, header ...string) marked {
	s.Helper()
	return s.beginAt(method, endpoint+query, length, header...)
}

func (s *stage) beginAt(method, target string, length int, header ...string) marked {
	s.Helper()
	s.mu.Lock()
	s.exchanges++
	name, mark := fmt.Sprint(s.exchanges), make(chan struct{})
	s.underway[name] = mark
	s.mu.Unlock()
	header = append([]string{markHeader + ": " + name}, header...)
	if s.line.http2 {
		return marked{s.beginHTTP2(method, target, length, header), s, mark}
	}
	switch {
	case length < 0:
		header = append(header, "Transfer-Encoding: chunked")
	case length > 0 || method == "POST":
		header = append(header, fmt.Sprintf("Content-Length: %d", length))
	}
	w := s.wire()
	w.write(head(method, target, header...))
	return marked{&request{w, method, length < 0}, s, mark}
}

// request is an exchange over HTTP/1.1.
type request struct {
	*wire
	method  string
	chunked bool
}

func (r *request) write(texts ...string) {
	body := strings.Join(texts, "")
	if r.chunked {
		body = fmt.Sprintf("%x\r\n%s\r\n", len(body), body)
	}
	r.wire.write(body)
}

func (r *request) end() {
	if r.chunked {
		r.wire.write("0\r\n\r\n")
	}
}

func (r *request) answer() answer {
	r.Helper()
	return r.wire.answer(r.method)
}

// stream is an exchange over HTTP/2.
type stream struct {
	stage  *stage
	body   *io.PipeWriter // nil without a body
	cancel context.CancelFunc
	result chan outcome // holds one
}

type outcome struct {
	answer answer
	err    error
}

func (s *stage) beginHTTP2(method, target string, length int, header []string) *stream {
	s.Helper()
	ctx, cancel := context.WithCancel(s.ctx)
	e := &stream{stage: s, cancel: cancel, result: make(chan outcome, 1)}
	var body io.Reader
	if length != 0 {
		body, e.body = io.Pipe()
	}
	r, err := http.NewRequestWithContext(ctx, method, s.http.URL+target, body)
	require.NoError(s, err)
	r.ContentLength = int64(length)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		if r.Header.Set(name, value); name == "Host" {
			r.Host = value
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		a, err := do(s.client, r)
		e.result <- outcome{a, err}
		if e.body != nil {
			_ = e.body.CloseWithError(io.ErrClosedPipe)
		}
	}()
	s.opened(func() {
		cancel()
		<-done
	})
	return e
}

// do makes an exchange that was prepared.
func do(client *http.Client, r *http.Request) (answer, error) {
	response, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	if response.ProtoMajor != 2 {
		return answer{}, fmt.Errorf("answered with %s", response.Proto)
	}
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(body)}, err
}

func (e *stream) write(texts ...string) {
	_, _ = io.WriteString(e.body, strings.Join(texts, "")) // what the server does not take is not demanded
}

func (e *stream) end() { _ = e.body.Close() }

func (e *stream) reset() { e.cancel() }

func (e *stream) answer() answer {
	e.stage.Helper()
	r := await(e.stage, e.result)
	require.NoError(e.stage, r.err)
	return r.answer
}

// ask makes a request and returns its answer.
func (s *stage) ask(method, query, body string, header ...string) answer {
	s.Helper()
	e := s.begin(method, query, len(body), header...)
	if body != "" {
		e.write(body)
		e.end()
	}
	return e.answer()
}

// quiet is ask for what is not worth a place in the table.
func (s *stage) quiet(method, query, body string) answer {
	s.Helper()
	e := s.begin(method, query, len(body))
	if body != "" {
		e.write(body)
		e.end()
	}
	return e.exchange.answer()
}

const (
	pollingHandshake = "EIO=4&transport=polling"
	gone             = `{"code":1,"message":"Session ID unknown"}`
)

// poll opens a session on polling, which is left when the row was played.
func (s *stage) poll() *polled {
	s.Helper()
	a := s.quiet("GET", pollingHandshake, "")
	require.Equal(s, http.StatusOK, a.status)
	return s.adopt(a)
}

// adopt returns the session that the handshake has opened.
func (s *stage) adopt(handshake answer) *polled {
	s.Helper()
	var h struct{ SID string }
	require.NoError(s, json.Unmarshal([]byte(handshake.body[1:]), &h), "%v", handshake)
	p := &polled{stage: s, sid: h.SID, query: pollingHandshake + "&sid=" + h.SID}
	s.opened(func() { p.quiet("POST", p.query, "1") })
	return p
}

// polled is a session on polling.
type polled struct {
	*stage
	sid     string
	query   string
	packets []string // that have come and were not looked at
}

// get answers with what the session has to send.
func (p *polled) get() answer {
	p.Helper()
	return p.quiet("GET", p.query, "")
}

// post sends packets in one body, which the server must take.
func (p *polled) post(packets ...string) {
	p.Helper()
	a := p.quiet("POST", p.query, strings.Join(packets, "\x1e"))
	require.Equal(p, answer{200, a.header, "ok"}, a)
}

// wantGone wants that the session is known no more. Its last GET may be answered before.
func (p *polled) wantGone() {
	p.Helper()
	a := p.get()
	for ; a.status == 200 && (a.body == "1" || a.body == "6"); a = p.get() {
	}
	require.Equal(p, answer{400, a.header, gone}, a)
}

// next returns the next packet.
func (p *polled) next() string {
	p.Helper()
	for len(p.packets) == 0 {
		a := p.get()
		require.Equal(p, 200, a.status, "%v", a)
		p.packets = strings.Split(a.body, "\x1e")
	}
	packet := p.packets[0]
	p.packets = p.packets[1:]
	return packet
}
