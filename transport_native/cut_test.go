//go:build !js

package transportnative

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
)

// A message whose connection ends before it does is no message, wherever it is cut.
func TestCutMessage(t *testing.T) {
	const length = 3*minScratch + 10
	// The header has 4 bytes from a server and 8 from a client. The payload is read in
	// pieces that double the scratch, behind which the end is most easily mistaken.
	cuts := []int{0, 1, 4, 5, 8, 9, minScratch + 4, minScratch + 8, 2*minScratch + 4, 2*minScratch + 8, length + 3}
	for _, cut := range cuts {
		t.Run(strconv.Itoa(cut)+" bytes to the server", func(t *testing.T) {
			p, conn := connectRaw(t, AcceptOptions{}, "")
			p.send(frame(fin|opBinary, strings.Repeat("x", length))[:cut])
			require.NoError(t, p.CloseWrite())
			_, err := conn.Read(context.Background())
			require.Equal(t, &transport.CloseError{Code: 1006}, err)
		})
		t.Run(strconv.Itoa(cut)+" bytes to the client", func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				hijacked, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_, err = io.WriteString(hijacked, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: "+
					acceptKey(r.Header.Get("Sec-WebSocket-Key"))+"\r\n\r\n"+unmasked(fin|opBinary, strings.Repeat("x", length))[:cut])
				if err != nil {
					t.Error(err)
				}
				_ = hijacked.Close()
			}))
			defer server.Close()
			conn, err := Platform(nil).Dialer.Dial(t.Context(), strings.Replace(server.URL, "http", "ws", 1), 0)
			require.NoError(t, err)
			_, err = conn.Read(context.Background())
			require.Equal(t, &transport.CloseError{Code: 1006}, err)
		})
	}
}

// unmasked returns a frame as a server sends it.
func unmasked(first byte, payload string) string {
	masked := frame(first, payload)
	head := len(masked) - len(payload) - len("\x00\x00\x00\x00")
	return masked[:1] + string([]byte{masked[1] &^ fin}) + masked[2:head] + payload
}

// acceptKey answers a Sec-WebSocket-Key. https://www.rfc-editor.org/rfc/rfc6455#section-1.3
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}
