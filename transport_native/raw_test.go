//go:build !js

package transportnative

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
)

const upgradeHeader = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"

// handshake sends an upgrade request, and after it the bytes given, and returns the
// status line of the answer. It reads nothing behind the answer's header.
func handshake(t testing.TB, conn net.Conn, behind string) (status string) {
	t.Helper()
	_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n"+upgradeHeader+"\r\n"+behind)
	require.NoError(t, err)
	var answer []byte
	for b := make([]byte, 1); !strings.HasSuffix(string(answer), "\r\n\r\n"); {
		_, err := conn.Read(b)
		require.NoError(t, err, "after %q", answer)
		answer = append(answer, b[0])
	}
	status, _, _ = strings.Cut(string(answer), "\r\n")
	return status
}

// rawPeer is a client that sends bytes, not messages.
type rawPeer struct {
	*net.TCPConn
	t *testing.T
	r *bufio.Reader
}

func dialTCP(t *testing.T, address string) *rawPeer {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	return &rawPeer{conn.(*net.TCPConn), t, bufio.NewReader(conn)}
}

// connectRaw returns a raw client and the accepted connection it talks to.
func connectRaw(t *testing.T, options AcceptOptions, behind string) (*rawPeer, transport.Conn) {
	t.Helper()
	a := newAcceptor(options)
	p := dialTCP(t, listen(t, a).Listener.Addr().String())
	require.Equal(t, "HTTP/1.1 101 Switching Protocols", handshake(t, p, behind))
	conn := <-a.conns
	t.Cleanup(func() { _ = conn.Close(0, "") })
	return p, conn
}

func (p *rawPeer) send(frames ...string) {
	p.t.Helper()
	_, err := io.WriteString(p, strings.Join(frames, ""))
	require.NoError(p.t, err)
}

// receive returns the first byte and the payload of the next frame.
func (p *rawPeer) receive() (first byte, payload string) {
	p.t.Helper()
	head := make([]byte, 2)
	_, err := io.ReadFull(p.r, head)
	require.NoError(p.t, err)
	n := int(head[1])
	if n == 126 {
		long := make([]byte, 2)
		_, err := io.ReadFull(p.r, long)
		require.NoError(p.t, err)
		n = int(binary.BigEndian.Uint16(long))
	}
	require.Less(p.t, n, 1<<16)
	data := make([]byte, n)
	_, err = io.ReadFull(p.r, data)
	require.NoError(p.t, err)
	return head[0], string(data)
}

// wantClose demands a close frame with the code (0 for none), and then the end of the stream.
func (p *rawPeer) wantClose(code int) {
	p.t.Helper()
	first, payload := p.receive()
	require.Equal(p.t, byte(fin|opClose), first)
	got := 0
	if payload != "" {
		got = int(binary.BigEndian.Uint16([]byte(payload)))
	}
	require.Equal(p.t, code, got)
	_, err := p.r.ReadByte()
	require.Equal(p.t, io.EOF, err)
}

// frame returns a frame masked with a key of zeros.
func frame(first byte, payload string) string {
	head := []byte{first, fin}
	switch n := len(payload); {
	case n < 126:
		head[1] |= byte(n)
	case n < 1<<16:
		head[1] |= 126
		head = binary.BigEndian.AppendUint16(head, uint16(n))
	default:
		head[1] |= 127
		head = binary.BigEndian.AppendUint64(head, uint64(n))
	}
	return string(head) + "\x00\x00\x00\x00" + payload
}

// request sends a request with the header lines given and returns the response.
func request(t *testing.T, address, line, header string) *http.Response {
	t.Helper()
	p := dialTCP(t, address)
	p.send(line, " HTTP/1.1\r\nHost: example.com\r\n", header, "\r\n")
	response, err := http.ReadResponse(p.r, nil)
	require.NoError(t, err)
	return response
}
