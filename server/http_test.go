package server_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/cors"
	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
)

const origin = "https://app.example.com"

// get does a request with headers, given as pairs, and returns the response and its body.
func (r *rig) get(method, path string, header ...string) (*http.Response, string) {
	r.Helper()
	request, err := http.NewRequestWithContext(r.ctx, method, r.url+path, nil)
	require.NoError(r, err)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(r, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(r, err)
	return response, string(body)
}

const pollingHandshake = "/socket.io/?EIO=4&transport=polling"

func TestPaths(t *testing.T) {
	for _, test := range []struct {
		option, path string
		status       int
	}{
		{"", "/socket.io/", 200},
		{"", "/socket.io", 200},
		{"", "/socket.io/extra/", 404},
		{"", "/socket.io//", 404},
		{"", "/socket.iox/", 404},
		{"", "/", 404},
		{"/ws", "/ws", 200},
		{"/ws", "/ws/", 200},
		{"/ws", "/socket.io/", 404},
		{"/a/b/", "/a/b/", 200},
		{"chat", "/chat", 200},
		{"chat/", "/chat/", 200},
	} {
		w := httptest.NewRecorder()
		sio := server.New(&server.Options{Path: test.option})
		sio.ServeHTTP(w, httptest.NewRequest("GET", test.path+"?EIO=4&transport=polling", nil))
		require.Equal(t, test.status, w.Code, "%s for %s", test.path, test.option)
		require.NoError(t, sio.Close())
	}
}

func TestNoCORSByDefault(t *testing.T) {
	r := serve(t, nil)
	response, _ := r.get("GET", pollingHandshake, "Origin", origin)
	require.Equal(t, 200, response.StatusCode)
	for key := range response.Header {
		require.NotContains(t, key, "Access-Control")
	}
	response, body := r.get("OPTIONS", pollingHandshake, "Origin", origin, "Access-Control-Request-Method", "POST")
	require.Equal(t, 400, response.StatusCode)
	require.Contains(t, body, "Bad handshake method")
	require.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"))
}

func TestCORS(t *testing.T) {
	r := serve(t, &server.Options{CORS: &cors.Options{AllowedOrigins: []string{origin}, AllowCredentials: true}})
	allowed := func(response *http.Response) {
		t.Helper()
		require.Equal(t, origin, response.Header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, "true", response.Header.Get("Access-Control-Allow-Credentials"))
		require.Contains(t, strings.Join(response.Header.Values("Vary"), ","), "Origin")
	}
	response, _ := r.get("OPTIONS", pollingHandshake, "Origin", origin,
		"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "x-custom")
	require.Equal(t, 204, response.StatusCode)
	allowed(response)
	require.Equal(t, "x-custom", response.Header.Get("Access-Control-Allow-Headers"))
	response, _ = r.get("GET", pollingHandshake, "Origin", origin)
	require.Equal(t, 200, response.StatusCode)
	allowed(response)
	response, _ = r.get("GET", "/socket.io/?EIO=3&transport=polling", "Origin", origin)
	require.Equal(t, 400, response.StatusCode)
	allowed(response)
	for _, evil := range []string{"https://evil.example", "null"} {
		response, _ = r.get("GET", pollingHandshake, "Origin", evil)
		require.Equal(t, 200, response.StatusCode)
		require.Empty(t, response.Header.Get("Access-Control-Allow-Origin"))
		response, _ = r.get("OPTIONS", pollingHandshake, "Origin", evil, "Access-Control-Request-Method", "POST")
		require.Empty(t, response.Header.Get("Access-Control-Allow-Origin"))
	}
}

func TestOriginsOfWebSockets(t *testing.T) {
	listed := &cors.Options{AllowedOrigins: []string{origin}}
	for _, test := range []struct {
		name    string
		options server.Options
		origin  string
		status  int
	}{
		{"none", server.Options{}, "", 101},
		{"own host", server.Options{}, "own", 101},
		{"another by default", server.Options{}, origin, 403},
		{"null by default", server.Options{}, "null", 403},
		{"allowed", server.Options{Origins: []string{"*.example.com"}}, origin, 101},
		{"allowed with scheme", server.Options{Origins: []string{"https://*.example.com"}}, origin, 101},
		{"scheme differs", server.Options{Origins: []string{"http://*.example.com"}}, origin, 403},
		{"not among the allowed", server.Options{Origins: []string{"other.example"}}, origin, 403},
		{"any", server.Options{AnyOrigin: true}, origin, 101},
		{"listed by CORS", server.Options{CORS: listed}, origin, 101},
		{"not listed by CORS", server.Options{CORS: listed}, "https://evil.example", 403},
		{"null with CORS", server.Options{CORS: listed}, "null", 403},
		{"listed by CORS with its port", server.Options{CORS: &cors.Options{AllowedOrigins: []string{origin + ":443"}}}, origin, 101},
		{"both", server.Options{Origins: []string{"other.example"}, CORS: listed}, origin, 101},
		{"CORS for all", server.Options{CORS: &cors.Options{AllowedOrigins: []string{"*"}}}, origin, 403},
		{"CORS for all, one listed", server.Options{Origins: []string{"*.example.com"}, CORS: &cors.Options{AllowedOrigins: []string{"*"}}}, origin, 101},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := serve(t, &test.options)
			header := ""
			switch test.origin {
			case "":
			case "own":
				header = "Origin: " + r.url + "\r\n"
			default:
				header = "Origin: " + test.origin + "\r\n"
			}
			c := r.tcp()
			c.upgrade("EIO=4&transport=websocket", header)
			require.Equal(t, test.status, c.status())
		})
	}
}

func TestCookie(t *testing.T) {
	cookie := func(options *server.Options) string {
		r := serve(t, options)
		response, _ := r.get("GET", pollingHandshake)
		return response.Header.Get("Set-Cookie")
	}
	require.Empty(t, cookie(nil))
	require.Regexp(t, `^io=[-_A-Za-z0-9]{20}; Path=/; HttpOnly; SameSite=Lax$`, cookie(&server.Options{Cookie: &server.Cookie{}}))
	require.Regexp(t, `^lb=[-_A-Za-z0-9]{20}; Path=/x; Domain=example.com; Max-Age=60; Secure; SameSite=None$`, cookie(&server.Options{Cookie: &server.Cookie{
		Name: "lb", Path: "/x", Domain: "example.com", MaxAge: time.Minute, Secure: true, Scriptable: true, SameSite: http.SameSiteNoneMode,
	}}))

	sio := server.New(&server.Options{Cookie: &server.Cookie{}})
	w, request := httptest.NewRecorder(), httptest.NewRequest("GET", pollingHandshake, nil)
	request.TLS = &tls.ConnectionState{}
	sio.ServeHTTP(w, request)
	require.Contains(t, w.Header().Get("Set-Cookie"), "; Secure")
	require.NoError(t, sio.Close())
}

// tcp is a client that speaks in bytes.
type tcp struct {
	*rig
	net.Conn
	reader *bufio.Reader
}

func (r *rig) tcp() *tcp {
	r.Helper()
	conn, err := (&net.Dialer{}).DialContext(r.ctx, "tcp", strings.TrimPrefix(r.url, "http://"))
	require.NoError(r, err)
	deadline, _ := r.ctx.Deadline()
	require.NoError(r, conn.SetDeadline(deadline))
	r.Cleanup(func() { conn.Close() })
	return &tcp{r, conn, bufio.NewReader(conn)}
}

func (c *tcp) print(text string) {
	c.Helper()
	_, err := io.WriteString(c.Conn, text)
	require.NoError(c, err)
}

// upgrade asks for a WebSocket. The header lines end with a line break each.
func (c *tcp) upgrade(query, header string) {
	c.Helper()
	var key [16]byte
	rand.Read(key[:])
	c.print("GET /socket.io/?" + query + " HTTP/1.1\r\nHost: " + strings.TrimPrefix(c.url, "http://") + "\r\n" +
		"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: " + base64.StdEncoding.EncodeToString(key[:]) + "\r\n" + header + "\r\n")
}

// status reads a response and returns its status.
func (c *tcp) status() int {
	c.Helper()
	response, err := http.ReadResponse(c.reader, nil)
	require.NoError(c, err)
	response.Body.Close()
	return response.StatusCode
}

// wantEOF wants that the server closes the connection.
func (c *tcp) wantEOF() {
	c.Helper()
	_, err := io.Copy(io.Discard, c.reader)
	require.NotErrorIs(c, err, os.ErrDeadlineExceeded, "still open")
}

const ask = "EIO=4&transport=websocket"

func TestBadWebSocketRequests(t *testing.T) {
	const key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
	const good = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
	for _, test := range []struct {
		name, method, header string
		status               []int
	}{
		{"no key", "GET", good, []int{400}},
		{"short key", "GET", good + "Sec-WebSocket-Key: AA==\r\n", []int{400}},
		{"version 12", "GET", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 12\r\n" + key, []int{400}},
		{"POST", "POST", good + key + "Content-Length: 0\r\n", []int{400}},
		{"h2c", "GET", "Connection: Upgrade\r\nUpgrade: h2c\r\n" + key, []int{400}},
		{"bad extensions", "GET", good + key + "Sec-WebSocket-Extensions: constructor; =;;\r\n", []int{101}},
		{"many spaces as protocol", "GET", good + key + "Sec-WebSocket-Protocol: a" + strings.Repeat(" ", 64<<10) + "b\r\n", []int{431}},
		{"many headers", "GET", strings.Repeat("X-A: b\r\n", 400) + good + key, []int{101}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := serve(t, nil)
			c := r.tcp()
			c.print(test.method + " /socket.io/?" + ask + " HTTP/1.1\r\nHost: x\r\n" + test.header + "\r\n")
			require.Contains(t, test.status, c.status())
			require.NoError(t, c.Close())
			require.Eventually(t, func() bool { return r.Stats().Connections == 0 }, patience, time.Millisecond)
		})
	}
}

// Bytes right behind the request are WebSocket frames, and no valid ones.
func TestBytesBehindTheUpgradeRequest(t *testing.T) {
	for _, query := range []string{ask, ask + "&sid=nobody", ask + "&sid=live"} {
		t.Run(query, func(t *testing.T) {
			r := serve(t, nil)
			live := r.poll()
			if strings.HasSuffix(query, "live") {
				query = ask + strings.TrimPrefix(live, "transport=polling")
			}
			c := r.tcp()
			c.upgrade(query, "")
			c.print("test")
			c.wantEOF()
			status, _ := r.http("POST", live, "40")
			require.Equal(t, 200, status, "the polling session is unharmed")
		})
	}
}

// What net/http takes for a body never becomes a frame.
func TestBodyOfAnUpgradeRequest(t *testing.T) {
	r := serve(t, nil)
	c := r.tcp()
	c.upgrade(ask, "Content-Length: 4\r\n")
	c.print("test")
	require.Equal(t, 101, c.status())
	frame, err := c.reader.Peek(3)
	require.NoError(t, err)
	require.Equal(t, "0", string(frame[2:]), "the handshake, behind a frame header of 2 bytes")
	require.Equal(t, 1, r.Stats().Connections)
}

func TestResetWhileAnUpgradeIsRefused(t *testing.T) {
	r := serve(t, nil)
	for range 50 {
		c := r.tcp()
		c.upgrade("EIO=3&transport=websocket&sid=x", "")
		require.NoError(t, c.Conn.(*net.TCPConn).SetLinger(0))
		require.NoError(t, c.Close())
	}
	c, _ := r.join("/")
	c.wantWorks()
}

func TestWebSocketMessageOverTheLimit(t *testing.T) {
	r := serve(t, &server.Options{MaxPayload: 1000})
	c, _ := r.join("/")
	c.send(`42["` + strings.Repeat("x", 1000) + `"]`)
	_, err := c.conn.Read(c.ctx)
	require.ErrorContains(t, err, "1009")
}

func TestAbortedPollingRequests(t *testing.T) {
	for method, rest := range map[string]string{"GET": "\r\n", "POST": "Content-Length: 100\r\n\r\n4"} {
		t.Run(method, func(t *testing.T) {
			r, reasons := echoing(t, nil)
			query := r.poll()
			r.http("POST", query, "40")
			r.http("GET", query, "")
			c := r.tcp()
			c.print(method + " /socket.io/?EIO=4&" + query + " HTTP/1.1\r\nHost: x\r\n" + rest)
			require.NoError(t, c.Close())
			require.Equal(t, event.TransportError, await(r, reasons))
			status, body := r.http("GET", query, "")
			require.Equal(t, 400, status)
			require.Contains(t, body, "Session ID unknown")
		})
	}
}

// A response that is larger than what the sockets buffer.
func TestPollingResponseThatIsNotRead(t *testing.T) {
	for _, test := range []struct {
		name    string
		timeout time.Duration
		act     func(c *tcp)
	}{
		{"client waits", time.Second, func(*tcp) {}},
		{"client resets", time.Hour, func(c *tcp) {
			_, err := c.reader.Peek(1)
			require.NoError(c, err)
			require.NoError(c, c.Conn.(*net.TCPConn).SetLinger(0))
			require.NoError(c, c.Close())
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, reasons := echoing(t, &server.Options{StallTimeout: test.timeout, SendBufferBytes: 64 << 20})
			query := r.poll()
			r.http("POST", query, "40")
			r.http("GET", query, "")
			require.NoError(t, r.Emit("large", strings.Repeat("x", 32<<20)))
			c := r.tcp()
			c.print("GET /socket.io/?EIO=4&" + query + " HTTP/1.1\r\nHost: x\r\n\r\n")
			test.act(c)
			require.Equal(t, event.TransportError, await(r, reasons))
			status, body := r.http("GET", query, "")
			require.Equal(t, 400, status)
			require.Equal(t, gone, body)
		})
	}
}

func TestRefusedBinaryBodyIsAnswered(t *testing.T) {
	r, reasons := echoing(t, nil)
	query := r.poll()
	r.http("POST", query, "40")
	r.http("GET", query, "")
	response, err := http.Post(r.url+"/socket.io/?EIO=4&"+query, "application/octet-stream", strings.NewReader("4x"))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, 400, response.StatusCode)
	require.Equal(t, event.TransportError, await(r, reasons))
}

func TestLargeBodyIsRefusedUnread(t *testing.T) {
	r, _ := echoing(t, nil)
	query := r.poll()
	c := r.tcp()
	c.print("POST /socket.io/?EIO=4&" + query + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1000001\r\n\r\n")
	require.Equal(t, 413, c.status())
	status, body := r.http("POST", query, "40")
	require.Equal(t, 400, status)
	require.Equal(t, gone, body)
}

func TestChunkedBodyAroundTheLimit(t *testing.T) {
	r, _ := echoing(t, nil)
	post := func(query, packets string, size int) int {
		request, err := http.NewRequestWithContext(r.ctx, "POST", r.url+"/socket.io/?EIO=4&"+query,
			io.MultiReader(strings.NewReader(packets), strings.NewReader(strings.Repeat("x", size-len(packets)))))
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode
	}
	require.Equal(t, 413, post(r.poll(), "40\x1e6", 1_000_001))
	query := r.poll()
	require.Equal(t, 200, post(query, "40\x1e6", 1_000_000))
	_, body := r.http("GET", query, "")
	require.Contains(t, body, `40{"sid"`)
}

// A request that belongs to no session is answered without its body.
func TestBodyThatNobodyReads(t *testing.T) {
	for _, query := range []string{"transport=polling&sid=nobody", "transport=polling", "transport=tin-can", "transport=websocket"} {
		for name, length := range map[string]int{"large": 1_000_000, "small": 100} {
			t.Run(name+" "+query, func(t *testing.T) {
				r := serve(t, &server.Options{StallTimeout: time.Second})
				c := r.tcp()
				c.print(fmt.Sprintf("POST /socket.io/?EIO=4&%s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n4", query, length))
				require.Equal(t, 400, c.status())
				c.wantEOF()
				require.Zero(t, r.Stats().Connections)
			})
		}
	}
}

func TestPostWhileAnotherIsUnfinished(t *testing.T) {
	r, reasons := echoing(t, &server.Options{StallTimeout: time.Hour})
	query := r.poll()
	r.http("POST", query, "40")
	r.http("GET", query, "")
	first := r.tcp()
	first.print("POST /socket.io/?EIO=4&" + query + " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n")
	line, err := first.reader.ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "100 Continue", "the body is being read")
	_, err = first.reader.ReadString('\n')
	require.NoError(t, err)
	first.print("42")
	status, body := r.http("POST", query, `42["a"]`)
	require.Equal(t, 400, status)
	require.Empty(t, body)
	require.Equal(t, 400, first.status())
	first.wantEOF()
	require.Equal(t, event.TransportError, await(r, reasons))
}

// Whoever knows the id of a session can speak for its client.
func TestSessionIDStaysSecret(t *testing.T) {
	var log syncBuffer
	r, reasons := echoing(t, &server.Options{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	query := r.poll()
	_, secret, _ := strings.Cut(query, "sid=")
	r.http("POST", query, "40")
	_, body := r.http("GET", query, "")
	require.Contains(t, body, `40{"sid"`)
	require.NotContains(t, body, secret)
	sockets := r.Sockets()
	require.Len(t, sockets, 1)
	require.NotEqual(t, secret, sockets[0].ID())
	r.http("POST", query, "42{}")
	require.Equal(t, event.ForcedClose, await(r, reasons))
	require.Contains(t, log.String(), "forced close")
	require.NotContains(t, log.String(), secret)
}

// syncBuffer is what a logger writes to.
type syncBuffer struct {
	mu   sync.Mutex
	text strings.Builder // guarded by mu
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func TestTricklingBody(t *testing.T) {
	r, reasons := echoing(t, &server.Options{StallTimeout: time.Second})
	query := r.poll()
	r.http("POST", query, "40")
	r.http("GET", query, "")
	c := r.tcp()
	c.print("POST /socket.io/?EIO=4&" + query + " HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n4")
	require.Equal(t, 408, c.status())
	require.Equal(t, event.TransportError, await(r, reasons))
}

func TestMaxConnections(t *testing.T) {
	r := serve(t, &server.Options{MaxConnections: 1})
	c, _ := r.join("/")
	status, _ := r.http("GET", "transport=polling", "")
	require.Equal(t, 503, status)
	require.NoError(t, c.conn.Close(0, ""))
	require.Eventually(t, func() bool { return r.Stats().Connections == 0 }, patience, time.Millisecond)
	r.join("/")
}

func TestAllowRequest(t *testing.T) {
	r := serve(t, &server.Options{AllowRequest: func(r *http.Request) error {
		if r.Header.Get("Authorization") == "" {
			return fmt.Errorf("no token")
		}
		return nil
	}})
	response, body := r.get("GET", pollingHandshake)
	require.Equal(t, 403, response.StatusCode)
	require.Equal(t, `{"code":4,"message":"no token"}`, body)
	response, _ = r.get("GET", pollingHandshake, "Authorization", "x")
	require.Equal(t, 200, response.StatusCode)
	c := r.tcp()
	c.upgrade(ask, "")
	require.Equal(t, 400, c.status())
}

func TestZeroServer(t *testing.T) {
	sio := server.New(nil)
	require.NoError(t, sio.Shutdown(context.Background()))
	require.NoError(t, sio.Close())
	w := httptest.NewRecorder()
	sio.ServeHTTP(w, httptest.NewRequest("GET", pollingHandshake, nil))
	require.Equal(t, 503, w.Code)
}
