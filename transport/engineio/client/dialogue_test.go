package engineclient

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/transporttest"
)

// dialogue is a session on fake time whose server is the test.
type dialogue struct {
	*testing.T
	options   Options
	gets      chan *exchange
	posts     chan *exchange
	listener  *transporttest.Listener
	handshake engineio.Handshake
	session   *Session
	served    chan struct{} // closed when Serve has returned

	release chan struct{} // receive waits for it at the message "block"

	mu       sync.Mutex
	received []string
	upgraded int
	stayed   []error
	pings    int

	err    error // of Open
	reason engineio.Reason
	cause  error // with reason
}

// play runs a dialogue in a bubble, and ends its session.
func play(t *testing.T, configure func(*Options), script func(d *dialogue)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &dialogue{
			T:        t,
			gets:     make(chan *exchange, 16),
			posts:    make(chan *exchange, 16),
			listener: transporttest.Listen(0),
			release:  make(chan struct{}),
			handshake: engineio.Handshake{
				SID: "a/b", Upgrades: []engineio.Transport{engineio.WebSocket}, MaxPayload: 100,
				PingInterval: 25 * time.Second, PingTimeout: 20 * time.Second,
			},
		}
		d.options = Options{
			URL:            "http://server/socket.io/?x=1",
			Transports:     []engineio.Transport{engineio.Polling, engineio.WebSocket},
			Dialer:         d.listener,
			RoundTripper:   transporttest.RoundTripFunc(d.roundTrip),
			UpgradeTimeout: 20 * time.Second,
			OnPing:         func() { d.locked(func() { d.pings++ }) },
			OnUpgraded:     func() { d.locked(func() { d.upgraded++ }) },
			OnStay:         func(err error) { d.locked(func() { d.stayed = append(d.stayed, err) }) },
		}
		if configure != nil {
			configure(&d.options)
		}
		script(d)
		if d.session != nil {
			d.session.Abort(engineio.ForcedClose, nil)
			<-d.served
		}
	})
}

func (d *dialogue) locked(fn func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fn()
}

// exchange is an HTTP request that waits for the test's answer.
type exchange struct {
	d      *dialogue
	ctx    context.Context
	method string
	url    string
	body   string
	answer chan answer
}

type answer struct {
	response transport.Response
	err      error
}

func (d *dialogue) roundTrip(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	e := &exchange{d: d, ctx: ctx, method: r.Method, url: r.URL, body: string(r.Body), answer: make(chan answer, 1)}
	if r.Method == "GET" {
		d.gets <- e
	} else {
		d.posts <- e
	}
	select {
	case a := <-e.answer:
		return &a.response, a.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (e *exchange) reply(packets ...string) {
	e.status(200, strings.Join(packets, "\x1e"))
}

func (e *exchange) status(status int, body string) {
	e.answer <- answer{response: transport.Response{Status: status, ContentType: "text/plain", Body: []byte(body)}}
	synctest.Wait()
}

func (e *exchange) fail(err error) {
	e.answer <- answer{err: err}
	synctest.Wait()
}

// get returns the GET request that waits, which there must be.
func (d *dialogue) get() *exchange { d.Helper(); return d.next("GET", d.gets) }

// post returns the POST request that waits, and checks its packets.
func (d *dialogue) post(packets ...string) *exchange {
	d.Helper()
	e := d.next("POST", d.posts)
	require.Equal(d, strings.Join(packets, "\x1e"), e.body)
	return e
}

func (d *dialogue) next(method string, requests chan *exchange) *exchange {
	d.Helper()
	synctest.Wait()
	select {
	case e := <-requests:
		require.Equal(d, method, e.method)
		return e
	default:
		require.Fail(d, "no "+method+" request")
		return nil
	}
}

// wantNoRequest checks that the client asks for nothing that it has not been seen
// to ask for.
func (d *dialogue) wantNoRequest() {
	d.Helper()
	synctest.Wait()
	require.Empty(d, d.gets, "a GET request waits")
	require.Empty(d, d.posts, "a POST request waits")
}

// open makes the handshake by polling.
func (d *dialogue) open() {
	d.Helper()
	d.opening(func() { d.get().reply(encoded(d.handshake)) })
	require.NotNil(d, d.session, "the handshake failed: %v", d.err)
}

// opening opens a session with a server that does what serve says, and serves it.
func (d *dialogue) opening(serve func()) {
	d.Helper()
	opened := make(chan struct{})
	go func() {
		defer close(opened)
		ctx, cancel := context.WithTimeout(d.Context(), 20*time.Second)
		defer cancel()
		d.session, d.err = Open(ctx, d.options)
	}()
	serve()
	<-opened
	if d.err != nil {
		return
	}
	d.served = make(chan struct{})
	go func() {
		defer close(d.served)
		d.reason, d.cause = d.session.Serve(d.receive)
	}()
	synctest.Wait()
}

func (d *dialogue) receive(m transport.Message) {
	text := string(m.Data)
	if m.Binary {
		text = "binary " + text
	}
	d.locked(func() { d.received = append(d.received, text) })
	if text == "block" {
		<-d.release
	}
}

// wantReceived checks what was received since it was checked last.
func (d *dialogue) wantReceived(messages ...string) {
	d.Helper()
	synctest.Wait()
	d.locked(func() {
		require.Equal(d, messages, d.received)
		d.received = nil
	})
}

// send sends a group of messages; one that begins with "binary " is binary.
func (d *dialogue) send(messages ...string) {
	d.Helper()
	require.NoError(d, d.session.Send(messagesOf(messages...), Ordinary))
}

// messagesOf returns what the layer above hands over for these packets.
func messagesOf(packets ...string) (messages []transport.Message) {
	for _, m := range packetsOf(packets...) {
		m.Data = bytes.TrimPrefix(m.Data, []byte("4"))
		messages = append(messages, m)
	}
	return messages
}

func packetsOf(packets ...string) (messages []transport.Message) {
	for _, text := range packets {
		data, binary := strings.CutPrefix(text, "binary ")
		messages = append(messages, transport.Message{Data: []byte(data), Binary: binary})
	}
	return messages
}

func encoded(h engineio.Handshake) string { return string(engineio.AppendPayload(nil, h.Encode())) }

// wantEnd checks that the session has ended.
func (d *dialogue) wantEnd(reason engineio.Reason) {
	d.Helper()
	synctest.Wait()
	select {
	case <-d.served:
		require.Equal(d, reason, d.reason, "with error %v", d.cause)
	default:
		require.Fail(d, "the session has not ended")
	}
}

func (d *dialogue) wantOpen() {
	d.Helper()
	synctest.Wait()
	select {
	case <-d.served:
		require.Fail(d, "the session has ended", "%s: %v", d.reason, d.cause)
	default:
	}
}

// socket is the server's end of a WebSocket.
type socket struct {
	d    *dialogue
	conn *transporttest.PipeConn
	url  string

	mu       sync.Mutex
	messages []string
	err      error
}

// accept takes the WebSocket that the client is opening, and reads it from now on.
func (d *dialogue) accept() *socket {
	d.Helper()
	ctx, cancel := context.WithTimeout(d.Context(), time.Second)
	defer cancel()
	conn, url, err := d.listener.Accept(ctx)
	require.NoError(d, err, "no WebSocket was dialed")
	s := &socket{d: d, conn: conn, url: url}
	go func() {
		for {
			m, err := conn.Read(context.Background())
			s.mu.Lock()
			switch {
			case err != nil:
				s.err = err
			case m.Binary:
				s.messages = append(s.messages, "binary "+string(m.Data))
			default:
				s.messages = append(s.messages, string(m.Data))
			}
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	d.Cleanup(func() { conn.Close(0, "") })
	synctest.Wait()
	return s
}

func (s *socket) send(messages ...string) {
	s.d.Helper()
	require.NoError(s.d, s.conn.Write(s.d.Context(), packetsOf(messages...)...))
	synctest.Wait()
}

// want checks what the client has written since it was checked last.
func (s *socket) want(messages ...string) {
	s.d.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Equal(s.d, messages, s.messages)
	s.messages = nil
}

// wantClosed checks that the client has closed the WebSocket with a close frame.
func (s *socket) wantClosed() {
	s.d.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	var closed *transport.CloseError
	require.ErrorAs(s.d, s.err, &closed)
	require.Equal(s.d, 1005, closed.Code)
}
