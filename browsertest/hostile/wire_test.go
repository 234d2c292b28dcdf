package hostile

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/stretchr/testify/require"
)

// wire is a connection on which the test writes bytes.
type wire struct {
	*stage
	net.Conn
	bare   net.Conn // below TLS
	reader *bufio.Reader
}

// wire connects to the server. It is HTTP/1.1 that is spoken then, also with TLS.
func (s *stage) wire() *wire {
	s.Helper()
	bare, err := s.dial(s.ctx, "tcp", "")
	require.NoError(s, err)
	deadline, _ := s.ctx.Deadline()
	require.NoError(s, bare.SetDeadline(deadline))
	conn := bare
	if s.line.tls {
		conn = tls.Client(bare, &tls.Config{RootCAs: s.roots(), ServerName: "127.0.0.1"})
	}
	s.opened(func() { _ = conn.Close() })
	return &wire{s, conn, bare, bufio.NewReader(conn)}
}

// write writes text, which may be more than the server takes: it is not demanded then.
func (w *wire) write(texts ...string) {
	w.Helper()
	_, err := io.WriteString(w.Conn, strings.Join(texts, ""))
	if !hungUp(err) {
		require.NoError(w, err)
	}
}

// hungUp reports whether an error tells that the server has closed the connection.
func hungUp(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// head is a request without its body. The header is lines.
func head(method, target string, header ...string) string {
	if !slices.ContainsFunc(header, func(line string) bool { return strings.HasPrefix(line, "Host: ") }) {
		header = append([]string{"Host: server"}, header...)
	}
	return method + " " + target + " HTTP/1.1\r\n" + strings.Join(header, "\r\n") + "\r\n\r\n"
}

// endpoint is what requests ask for, before their query.
const endpoint = "/socket.io/?"

// answer is that to a request.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) String() string { return strings.TrimSpace(fmt.Sprintf("%d %s", a.status, a.body)) }

// answer reads the answer to a request.
func (w *wire) answer(method string) answer {
	w.Helper()
	a, err := w.tryAnswer(method)
	require.NoError(w, err)
	return a
}

func (w *wire) tryAnswer(method string) (answer, error) {
	response, err := http.ReadResponse(w.reader, &http.Request{Method: method})
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusSwitchingProtocols {
		return answer{response.StatusCode, response.Header, ""}, nil
	}
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(body)}, err
}

// reset closes the connection as a program does that crashes.
func (w *wire) reset() {
	w.Helper()
	if tcp, ok := w.bare.(*net.TCPConn); ok {
		require.NoError(w, tcp.SetLinger(0))
	}
	require.NoError(w, w.bare.Close())
}

// wantEOF wants that the server closes the connection.
func (w *wire) wantEOF() {
	w.Helper()
	_, err := io.Copy(io.Discard, w.reader)
	require.NotErrorIs(w, err, os.ErrDeadlineExceeded, "still open")
}

// upgradeHeader asks for a WebSocket.
var upgradeHeader = []string{
	"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
}

// knock asks for a WebSocket and returns the answer.
func (s *stage) knock(query string, header ...string) (*wire, answer) {
	s.Helper()
	w := s.wire()
	w.write(head("GET", endpoint+query, append(upgradeHeader, header...)...))
	a := w.answer("GET")
	if a.status == http.StatusSwitchingProtocols {
		s.say("101")
	} else {
		s.say("%v", a)
	}
	return w, a
}

// frames is a WebSocket on which the test writes frames.
type frames struct{ *wire }

// webSocket opens a WebSocket. sid is that of a session on polling that moves, or empty.
func (s *stage) webSocket(sid string) frames {
	s.Helper()
	query := "EIO=4&transport=websocket"
	if sid != "" {
		query += "&sid=" + sid
	}
	w, a := s.knock(query)
	require.Equal(s, http.StatusSwitchingProtocols, a.status, "%v", a)
	return frames{w}
}

// https://www.rfc-editor.org/rfc/rfc6455#section-5.2
const (
	fin    = 0x80
	rsv1   = 0x40
	rsv2   = 0x20
	masked = 0x80

	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opClose        = 8
	opPing         = 9
	opPong         = 10
)

// frame returns a masked frame.
func frame(first byte, payload string) string {
	f := []byte{first, masked}
	switch n := len(payload); {
	case n < 126:
		f[1] |= byte(n)
	case n < 1<<16:
		f[1] |= 126
		f = binary.BigEndian.AppendUint16(f, uint16(n))
	default:
		f[1] |= 127
		f = binary.BigEndian.AppendUint64(f, uint64(n))
	}
	const key = "\x11\x22\x33\x44"
	f = append(f, key...)
	for i := range len(payload) {
		f = append(f, payload[i]^key[i%4])
	}
	return string(f)
}

func text(payload string) string { return frame(fin|opText, payload) }

// closeFrame is a close frame with a code and a reason.
func closeFrame(code uint16, reason string) string {
	return frame(fin|opClose, string([]byte{byte(code >> 8), byte(code)})+reason)
}

// read returns the first byte and the payload of the next frame.
func (f frames) read() (first byte, payload string) {
	f.Helper()
	first, payload, err := f.tryRead()
	require.NoError(f, err)
	return first, payload
}

func (f frames) tryRead() (first byte, payload string, err error) {
	head := make([]byte, 2, 8)
	if _, err := io.ReadFull(f.reader, head); err != nil {
		return 0, "", err
	}
	n := uint64(head[1])
	if n >= 126 {
		long := make([]byte, map[uint64]int{126: 2, 127: 8}[n])
		if _, err := io.ReadFull(f.reader, long); err != nil {
			return 0, "", err
		}
		n = binary.BigEndian.Uint64(append(make([]byte, 8-len(long)), long...))
	}
	data := make([]byte, n)
	_, err = io.ReadFull(f.reader, data)
	return head[0], string(data), err
}

// want wants text messages.
func (f frames) want(texts ...string) {
	f.Helper()
	for _, want := range texts {
		first, payload := f.read()
		require.Equal(f, want, payload)
		require.Equal(f, byte(fin|opText), first)
	}
}

// wantClose wants a close frame with the code, 0 for none, and then the end of the stream.
func (f frames) wantClose(code int) {
	f.Helper()
	first, payload := f.read()
	require.Equal(f, byte(fin|opClose), first, "%q", payload)
	f.closed(payload, code)
}

// wantCloseBehind is wantClose that lets messages come before.
func (f frames) wantCloseBehind(code int) {
	f.Helper()
	first, payload := f.read()
	for ; first == fin|opText || first == fin|opPong; first, payload = f.read() {
	}
	require.Equal(f, byte(fin|opClose), first, "%q", payload)
	f.closed(payload, code)
}

func (f frames) closed(payload string, code int) {
	f.Helper()
	got := 0
	if payload != "" {
		got = int(binary.BigEndian.Uint16([]byte(payload)))
	}
	if code == 0 {
		f.say("close frame without code")
	} else {
		f.say("close frame %d", got)
	}
	require.Equal(f, code, got)
	f.wantEOF()
}

// begin reads the handshake of a new session.
func (f frames) begin() frames {
	f.Helper()
	_, payload := f.read()
	require.Equal(f, byte('0'), payload[0])
	return f
}

// join joins the namespace "/".
func (f frames) join() frames {
	f.Helper()
	f.begin().write(text("40"))
	_, payload := f.read()
	require.Contains(f, payload, `40{"sid"`)
	return f
}

// wantWorks wants that the connection is there and nothing else was sent on it.
func (f frames) wantWorks() {
	f.Helper()
	f.write(text("40/unknown,"))
	f.want(`44/unknown,{"message":"Invalid namespace"}`)
	f.say("goes on")
}
