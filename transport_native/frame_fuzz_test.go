//go:build !js

package transportnative

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
)

const fuzzLimit = 1000 // bytes of a message

// tape is a connection that plays what a peer sends, and then breaks.
type tape struct {
	net.Conn
	io.Reader
	hungUp bool
}

func newTape(sent []byte) *tape { return &tape{Reader: bytes.NewReader(sent)} }

func (t *tape) Read(p []byte) (int, error) {
	if t.hungUp {
		return 0, net.ErrClosed
	}
	n, err := t.Reader.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // the library takes io.EOF within a payload for its end
	}
	return n, err
}

func (t *tape) Write(p []byte) (int, error)      { return len(p), nil }
func (t *tape) SetReadDeadline(time.Time) error  { t.hungUp = true; return nil }
func (t *tape) SetWriteDeadline(time.Time) error { return nil }
func (t *tape) Close() error                     { t.hungUp = true; return nil }

// Hijack implements http.Hijacker.
func (t *tape) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return t, bufio.NewReadWriter(bufio.NewReader(t), bufio.NewWriter(t)), nil
}

// readByLibrary returns the messages that the WebSocket library reads.
func readByLibrary(t *testing.T, sent []byte) (messages []transport.Message) {
	r := httptest.NewRequest("GET", "/", nil)
	for line := range strings.Lines(upgradeHeader) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		r.Header.Set(name, value)
	}
	ws, err := websocket.Accept(struct {
		http.ResponseWriter
		http.Hijacker
	}{httptest.NewRecorder(), newTape(sent)}, r, nil)
	require.NoError(t, err)
	defer ws.CloseNow()
	ws.SetReadLimit(fuzzLimit)
	for {
		kind, data, err := ws.Read(context.Background())
		if err != nil {
			return messages
		}
		messages = append(messages, transport.Message{Data: data, Binary: kind == websocket.MessageBinary})
	}
}

// Whatever a client sends, we and the WebSocket library read the same messages from
// it, but for texts that are not UTF-8 and lengths that are not in their shortest form,
// of which the library leaves the check to us.
func FuzzFrames(f *testing.F) {
	for _, sent := range []string{
		frame(fin|opText, "text") + frame(fin|opBinary, "binary"),
		frame(opText, "a") + frame(fin|opPing, "p") + frame(opContinuation, "b") + frame(fin|opContinuation, "c") + closeFrame(1000, "bye"),
		frame(fin|opBinary, strings.Repeat("x", fuzzLimit)) + frame(fin|opBinary, strings.Repeat("x", fuzzLimit+1)),
		frame(fin|opText, "\xff") + frame(fin|opText, "behind"),
		"\x81\x84\x01\x02\x03\x04abcd\x82\xff\x00\x00\x00\x00\x00\x00\x00\x02\x01\x02\x03\x04ab",
		frame(fin|opPong, "") + frame(fin|opClose, "") + frame(fin|opText, "behind"),
		frame(fin|3, "x"), "\x81\x01x", frame(fin|opContinuation, "x"), "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",
	} {
		f.Add([]byte(sent))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		want := readByLibrary(t, sent)
		stream := newTape(sent)
		c := &conn{stream: stream, source: bufio.NewReader(stream), maxMessage: fuzzLimit, stallTimeout: time.Hour}
		for i := 0; ; i++ {
			got, err := c.receive()
			if err == nil {
				require.Less(t, i, len(want), "one more than the library: %q", got.Data)
				require.Equal(t, want[i].Binary, got.Binary)
				require.Equal(t, string(want[i].Data), string(got.Data))
				continue
			}
			switch wrong, _ := err.(*violation); {
			case wrong == nil:
			case wrong.err == errShort:
				return
			case wrong.err == errUTF8 && i < len(want): // else the library did not see the end of it
				require.False(t, want[i].Binary)
				require.False(t, utf8.Valid(want[i].Data))
				return
			}
			require.Len(t, want, i, "fewer than the library: %v", err)
			return
		}
	})
}

// Masking is done as the protocol says, byte by byte, whatever the length and wherever it is cut.
func TestMask(t *testing.T) {
	const key = 0x44332211
	plain := bytes.Repeat([]byte("0123456789"), 5)
	want := make([]byte, len(plain))
	for i := range plain {
		want[i] = plain[i] ^ [4]byte{0x11, 0x22, 0x33, 0x44}[i%4]
	}
	for n := range len(plain) + 1 {
		for cut := range n + 1 {
			got := bytes.Clone(plain[:n])
			mask(got[cut:], mask(got[:cut], key))
			require.Equal(t, want[:n], got)
		}
	}
}
