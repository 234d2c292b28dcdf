//go:build !js

package engineserver

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/transporttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testInterval = 25 * time.Second
	testTimeout  = 20 * time.Second
)

// dialogue is a server on fake time and the clients that talk to it. Its sessions
// record what they receive.
type dialogue struct {
	*testing.T
	server *Server
	dialed *transporttest.PipeConn // the client's end of the last WebSocket

	mu       sync.Mutex
	sessions []*record
}

// record is the receiver of a session.
type record struct {
	session *Session

	mu       sync.Mutex
	received []string
	closed   []engineio.Reason
	err      error
	expired  int
	gate     chan struct{} // when not nil, Receive holds until it is closed
}

func (r *record) Receive(m transport.Message) {
	r.mu.Lock()
	gate := r.gate
	r.mu.Unlock()
	if gate != nil {
		r.session.Hold(func() { <-gate })
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	text := string(m.Data)
	if m.Binary {
		text = "binary:" + text
	}
	r.received = append(r.received, text)
}

func (r *record) Expire() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expired++
}

func (r *record) Closed(reason engineio.Reason, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed, r.err = append(r.closed, reason), err
}

func testOptions() Options {
	return Options{
		PingInterval: testInterval, PingTimeout: testTimeout,
		UpgradeTimeout: 10 * time.Second, StallTimeout: 10 * time.Second, CloseTimeout: 30 * time.Second,
		MaxPayload:  1000,
		SendBuffer:  10_000,
		SendBuffers: 1 << 30,
	}
}

// play runs a dialogue in a bubble, and closes the server at its end, which holds nothing then.
func play(t *testing.T, change func(*Options), script func(d *dialogue)) {
	synctest.Test(t, func(t *testing.T) {
		d := newDialogue(t, change)
		defer func() {
			d.server.Close()
			synctest.Wait() // for answers that are on their way
			require.Zero(t, d.server.config.Budget.Held())
		}()
		script(d)
	})
}

func newDialogue(t *testing.T, change func(*Options)) *dialogue {
	d := &dialogue{T: t}
	options := testOptions()
	if change != nil {
		change(&options)
	}
	options.Open = func(s *Session, r *http.Request) Receiver {
		d.mu.Lock()
		defer d.mu.Unlock()
		rec := &record{session: s}
		d.sessions = append(d.sessions, rec)
		return rec
	}
	d.server = New(options)
	d.server.accept = func(http.ResponseWriter, *http.Request) (transport.Conn, error) {
		ours, theirs := transporttest.Pipe(options.MaxPayload)
		d.dialed = theirs
		return ours, nil
	}
	return d
}

// last returns the record of the session opened last.
func (d *dialogue) last() *record {
	d.mu.Lock()
	defer d.mu.Unlock()
	require.NotEmpty(d, d.sessions)
	return d.sessions[len(d.sessions)-1]
}

// exchange is an HTTP request and its response, if there is one already.
type exchange struct {
	*httptest.ResponseRecorder
	done   chan struct{}
	cancel context.CancelFunc
}

// start begins an HTTP exchange. The query is added to EIO=4.
func (d *dialogue) start(method, query, body string, header ...string) *exchange {
	ctx, cancel := context.WithCancel(context.Background())
	r := httptest.NewRequestWithContext(ctx, method, "/socket.io/?EIO=4&"+query, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	x := &exchange{httptest.NewRecorder(), make(chan struct{}), cancel}
	go func() {
		defer close(x.done)
		d.server.ServeHTTP(x, r)
	}()
	return x
}

// finish waits for the response.
func (x *exchange) finish() *exchange {
	<-x.done
	x.cancel()
	return x
}

func (x *exchange) text() string { return x.Body.String() }

// waits tells whether there is no response yet.
func (x *exchange) waits() bool {
	synctest.Wait()
	select {
	case <-x.done:
		return false
	default:
		return true
	}
}

// poller is a client on polling.
type poller struct {
	d     *dialogue
	sid   string
	query string
	*record
}

// poll opens a session on polling.
func (d *dialogue) poll() *poller {
	x := d.start(http.MethodGet, "transport=polling", "").finish()
	require.Equal(d, http.StatusOK, x.Code, x.text())
	var h struct{ SID string }
	require.Equal(d, byte('0'), x.Body.Bytes()[0])
	require.NoError(d, json.Unmarshal(x.Body.Bytes()[1:], &h))
	return &poller{d, h.SID, "transport=polling&sid=" + h.SID, d.last()}
}

func (p *poller) get() *exchange             { return p.d.start(http.MethodGet, p.query, "") }
func (p *poller) post(body string) *exchange { return p.d.start(http.MethodPost, p.query, body) }

// wantGet gets and wants that body.
func (p *poller) wantGet(body string) {
	p.d.Helper()
	x := p.get().finish()
	require.Equal(p.d, http.StatusOK, x.Code)
	require.Equal(p.d, body, x.text())
}

// wantPost posts and wants an ok.
func (p *poller) wantPost(body string) {
	p.d.Helper()
	x := p.post(body).finish()
	require.Equal(p.d, http.StatusOK, x.Code)
	require.Equal(p.d, "ok", x.text())
}

// wantGone wants that the session is not known any more.
func (p *poller) wantGone() {
	p.d.Helper()
	x := p.get().finish()
	require.Equal(p.d, http.StatusBadRequest, x.Code)
	require.JSONEq(p.d, `{"code":1,"message":"Session ID unknown"}`, x.text())
}

// peer is the client's end of a WebSocket.
type peer struct {
	d    *dialogue
	conn *transporttest.PipeConn
}

// websocket opens a WebSocket. An empty sid opens a session, whose handshake is read.
func (d *dialogue) websocket(sid string) *peer {
	query := "transport=websocket"
	if sid != "" {
		query += "&sid=" + sid
	}
	x := d.start(http.MethodGet, query, "", "Connection", "Upgrade", "Upgrade", "websocket").finish()
	require.Empty(d, x.text())
	p := &peer{d, d.dialed}
	if sid == "" {
		require.Equal(d, byte('0'), p.read().Data[0])
	}
	return p
}

func (p *peer) send(texts ...string) {
	p.d.Helper()
	for _, text := range texts {
		require.NoError(p.d, p.conn.Write(context.Background(), transport.Message{Data: []byte(text)}))
	}
	synctest.Wait()
}

func (p *peer) read() transport.Message {
	p.d.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	m, err := p.conn.Read(ctx)
	require.NoError(p.d, err)
	return m
}

func (p *peer) want(texts ...string) {
	p.d.Helper()
	for _, text := range texts {
		require.Equal(p.d, text, string(p.read().Data))
	}
}

// wantClosed wants a close frame without a code and nothing before it.
func (p *peer) wantClosed() {
	p.d.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	m, err := p.conn.Read(ctx)
	var closed *transport.CloseError
	require.ErrorAs(p.d, err, &closed, "message %q", m.Data)
	require.Equal(p.d, 1005, closed.Code)
}

// wantOpen wants that the session lives.
func (d *dialogue) wantOpen(r *record) {
	d.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	require.Empty(d, r.closed)
}

// wantEnd wants that the session has ended, for that reason alone.
func (d *dialogue) wantEnd(r *record, reason engineio.Reason) {
	d.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	require.Equal(d, []engineio.Reason{reason}, r.closed)
}

// wantReceived wants that exactly these messages were received so far.
func (d *dialogue) wantReceived(r *record, texts ...string) {
	d.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	require.Equal(d, texts, r.received)
}

// send sends one group of text messages.
func (d *dialogue) send(r *record, texts ...string) {
	d.Helper()
	require.NoError(d, r.session.Send(group(texts...), Ordinary))
}

// group returns what the layer above hands over for these packets.
func group(texts ...string) []transport.Message {
	messages := make([]transport.Message, len(texts))
	for i, text := range texts {
		messages[i].Data = []byte(strings.TrimPrefix(text, "4"))
	}
	return messages
}

// slowBody is a request body that stays incomplete until its deadline.
type slowBody struct{ closed chan struct{} }

func (b slowBody) Read([]byte) (int, error) { <-b.closed; return 0, os.ErrDeadlineExceeded }
