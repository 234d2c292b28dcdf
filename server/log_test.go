package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/cors"
	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
)

// logLines are the lines of a log, each as its attributes.
type logLines chan logLine

type logLine map[string]any

// Write implements io.Writer.
func (l logLines) Write(p []byte) (int, error) {
	line := logLine{"bytes": len(p)}
	if err := json.Unmarshal(p, &line); err != nil {
		return 0, err
	}
	l <- line
	return len(p), nil
}

// newLog returns a logger for a server, and its lines.
func newLog(level slog.Level) (*slog.Logger, logLines) {
	lines := make(logLines, 1000)
	return slog.New(slog.NewJSONHandler(lines, &slog.HandlerOptions{Level: level})), lines
}

// hider is a ResponseWriter that notes the status and hides Hijack, as many do.
type hider struct{ http.ResponseWriter }

const version = "?EIO=4&transport="

// Every refused client is a line that says why, who, and what to set.
func TestLogOfRefusedRequests(t *testing.T) {
	star := &cors.Options{AllowedOrigins: []string{"*"}}
	for _, test := range []struct {
		name    string
		options server.Options
		query   string
		header  string // lines of a WebSocket's request; "" for polling
		want    logLine
	}{
		{"revision", server.Options{}, "?EIO=3&transport=polling", "", logLine{
			"reason": "Unsupported protocol version", "code": 5., "status": 400., "hint": "the client has to be one of Socket.IO 3 or later"}},
		{"origin", server.Options{}, version + "websocket", "Origin: https://evil.example\r\n", logLine{
			"reason": "Forbidden", "status": 403., "origin": "https://evil.example", "transport": "websocket",
			"hint": "Options.Origins; or a proxy in front has to pass on the header Host"}},
		{"origin, with CORS for all", server.Options{CORS: star}, version + "websocket", "Origin: https://evil.example\r\n", logLine{
			"reason": "Forbidden", "hint": "Options.Origins; or Options.AnyOrigin if cookies mean nothing, which browsers send with a WebSocket whatever CORS says"}},
		{"origin, behind a proxy", server.Options{}, version + "websocket", "Origin: https://x.example\r\nX-Forwarded-Host: x.example\r\n", logLine{
			"reason": "Forbidden", "hint": "Options.TrustedProxies, if X-Forwarded-Host is to count; or Options.Origins"}},
		{"transport", server.Options{Transports: []string{"polling"}}, version + "websocket", "\r\n", logLine{
			"reason": "Transport unknown", "code": 0., "hint": "Options.Transports"}},
		{"session", server.Options{}, version + "polling&sid=x", "", logLine{
			"reason": "Session ID unknown", "code": 1., "hint": "several servers need a load balancer that keeps a client on one of them"}},
		{"upgrade dropped", server.Options{}, version + "websocket", "", logLine{
			"reason": "Bad request", "code": 3., "hint": "a proxy in front has to pass on the headers Upgrade and Connection"}},
		{"application", server.Options{AllowRequest: func(*http.Request) error { return errors.New("token expired") }}, version + "polling", "", logLine{
			"level": "INFO", "reason": "Forbidden", "code": 4., "status": 403., "error": "token expired"}},
		{"header", server.Options{MaxHeaderBytes: 100}, version + "polling&x=" + strings.Repeat("x", 100), "", logLine{
			"reason": "Request Header Fields Too Large", "status": 431., "hint": "Options.MaxHeaderBytes"}},
		{"full", server.Options{MaxConnections: 1}, version + "websocket", "\r\n", logLine{
			"reason": "Service Unavailable", "status": 503., "hint": "Options.MaxConnections"}},
		{"path", server.Options{Path: "/chat"}, version + "polling", "", logLine{
			"reason": "Not Found", "status": 404., "hint": "Options.Path"}},
		{"version of WebSocket", server.Options{}, version + "websocket", "Sec-WebSocket-Version: 8\r\n", logLine{
			"reason": "Bad Request", "status": 400.}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var lines logLines
			test.options.Logger, lines = newLog(slog.LevelInfo)
			r := serve(t, &test.options)
			hook := make(chan int, 1)
			r.AddTrace(&server.Trace{RequestRejected: func(r server.Rejection) { hook <- r.Status }})
			if test.options.MaxConnections > 0 {
				r.poll()
			}
			c := r.tcp()
			if test.header == "" {
				c.print("GET /socket.io/" + test.query + " HTTP/1.1\r\nHost: x\r\n\r\n")
			} else {
				c.print("GET /socket.io/" + test.query + " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
					"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" + strings.TrimPrefix(test.header, "\r\n") + "\r\n")
			}
			status := c.status()
			line := await(r, lines)
			want := logLine{"msg": "request rejected", "level": "WARN", "method": "GET", "host": "x", "status": float64(status)}
			for key, value := range test.want {
				want[key] = value
			}
			for key, value := range want {
				require.Equal(t, value, line[key], "%s of %v", key, line)
			}
			require.True(t, strings.HasPrefix(line["remote"].(string), "127.0.0.1:"))
			require.Equal(t, status, await(r, hook))
			require.NoError(t, r.Close())
			require.Empty(t, lines)
		})
	}
}

// A middleware in front that hides the connection.
func TestHiddenConnection(t *testing.T) {
	logger, lines := newLog(slog.LevelInfo)
	sio := server.New(&server.Options{Logger: logger, MaxConnections: 1})
	defer sio.Close()
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { sio.ServeHTTP(hider{w}, r) }))
	defer h.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r := &rig{t, sio, h.URL, ctx}
	for range 2 { // the place is given back
		c := r.tcp()
		c.upgrade(ask, "")
		require.Equal(t, 501, c.status())
		line := await(r, lines)
		require.Equal(t, 501., line["status"])
		require.Contains(t, line["error"], "server_test.hider")
		require.Contains(t, line["hint"], "Unwrap")
	}
	query := r.poll()
	c := r.tcp()
	c.upgrade("EIO=4&"+strings.Replace(query, "polling", "websocket", 1), "")
	require.Equal(t, 501, c.status())
	require.Equal(t, 501., await(r, lines)["status"])
	status, _ := r.http("POST", query, "40")
	require.Equal(t, 200, status, "the session stays on polling")
}

// A browser tells its page only that something failed.
func TestLogOfAnswersThatPagesCannotRead(t *testing.T) {
	for _, test := range []struct {
		name    string
		options server.Options
		origin  string
		lines   int
	}{
		{"foreign", server.Options{}, origin, 1},
		{"own", server.Options{}, "", 0},
		{"Origins", server.Options{Origins: []string{"*.example.com"}}, origin, 0},
		{"AnyOrigin", server.Options{AnyOrigin: true}, origin, 0},
		{"CORS", server.Options{CORS: &cors.Options{}}, origin, 0},
		{"CORS for another", server.Options{CORS: &cors.Options{AllowedOrigins: []string{"https://x.example"}}}, origin, 1},
		{"CORS and Origins", server.Options{Origins: []string{origin}, CORS: &cors.Options{AllowedOrigins: []string{"https://x.example"}}}, origin, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var lines logLines
			test.options.Logger, lines = newLog(slog.LevelInfo)
			r := serve(t, &test.options)
			from := test.origin
			if from == "" {
				from = r.url
			}
			response, _ := r.get("GET", pollingHandshake, "Origin", from)
			require.Equal(t, 200, response.StatusCode)
			require.Len(t, lines, test.lines)
			if test.lines > 0 {
				line := <-lines
				require.Equal(t, "answer is unreadable", line["msg"])
				require.Equal(t, from, line["origin"])
				require.Contains(t, line["hint"], "Options.Origins or Options.CORS")
			} else if test.origin != "" {
				require.NotEmpty(t, response.Header.Get("Access-Control-Allow-Origin"))
			}
		})
	}
}

// A client that is cut off is one line; one that goes is none.
func TestLogOfClientsThatAreCutOff(t *testing.T) {
	for _, test := range []struct {
		name    string
		options server.Options
		act     func(c *raw)
		want    logLine
	}{
		{"invalid packet", server.Options{}, func(c *raw) { c.send("42{}") }, logLine{"level": "WARN", "reason": "forced close"}},
		{"too large", server.Options{MaxPayload: 100}, func(c *raw) { c.send(`42["` + strings.Repeat("x", 200) + `"]`) },
			logLine{"level": "WARN", "reason": "transport error", "hint": "Options.MaxPayload"}},
		{"too many attachments", server.Options{}, func(c *raw) { c.send(`4511-["x"]`) },
			logLine{"level": "WARN", "reason": "forced close", "hint": "Options.MaxAttachments"}},
		{"too deep", server.Options{MaxDepth: 2}, func(c *raw) { c.send(`42["x",[[[]]]]`) },
			logLine{"level": "WARN", "reason": "forced close", "hint": "Options.MaxDepth"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var lines logLines
			test.options.Logger, lines = newLog(slog.LevelInfo)
			r := serve(t, &test.options)
			r.Of("/a")
			r.Of("/b")
			ended := make(chan event.Reason, 1)
			r.AddTrace(&server.Trace{SessionClosed: func(_ server.Session, reason event.Reason, _ error) { ended <- reason }})
			c, _ := r.join("/")
			test.act(c)
			line := await(r, lines)
			require.Equal(t, "client disconnected", line["msg"])
			require.Equal(t, "websocket", line["transport"])
			for key, value := range test.want {
				require.Equal(t, value, line[key], "%s of %v", key, line)
			}
			require.Equal(t, test.want["reason"], string(await(r, ended)))
			require.Empty(t, lines)
		})
	}
	t.Run("silent", func(t *testing.T) {
		logger, lines := newLog(slog.LevelInfo)
		r := serve(t, &server.Options{Logger: logger, PingInterval: time.Millisecond, PingTimeout: time.Millisecond})
		r.dial()
		line := await(r, lines)
		require.Equal(t, "INFO", line["level"])
		require.Equal(t, "ping timeout", line["reason"])
	})
	t.Run("no namespace", func(t *testing.T) {
		logger, lines := newLog(slog.LevelInfo)
		r := serve(t, &server.Options{Logger: logger, ConnectTimeout: time.Millisecond})
		r.dial()
		line := await(r, lines)
		require.Equal(t, "Options.ConnectTimeout", line["hint"])
	})
	t.Run("went by itself", func(t *testing.T) {
		logger, lines := newLog(slog.LevelInfo)
		r := serve(t, &server.Options{Logger: logger})
		ended := make(chan event.Reason, 10)
		r.AddTrace(&server.Trace{SessionClosed: func(_ server.Session, reason event.Reason, _ error) { ended <- reason }})
		c, _ := r.join("/")
		require.NoError(t, c.conn.Close(0, ""))
		await(r, ended)
		p := r.tcp() // a page that is closed while its request waits
		p.print("GET /socket.io/?EIO=4&" + r.poll() + " HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, p.Close())
		require.Equal(t, event.TransportError, await(r, ended))
		r.join("/")
		require.NoError(t, r.Close())
		await(r, ended)
		require.Empty(t, lines)
	})
}

func TestLogOfRefusedConnections(t *testing.T) {
	logger, lines := newLog(slog.LevelInfo)
	r := serve(t, &server.Options{Logger: logger})
	names := make(chan string, 1)
	r.AddTrace(&server.Trace{NamespaceRefused: func(_ server.Session, name string) { names <- name }})
	r.Of("/closed").Use(func(context.Context, *server.Socket) error { return &server.ConnectError{Message: "not you"} })
	c, _ := r.join("/")
	c.send("40/closed,")
	line := await(r, lines)
	require.Equal(t, "connection refused", line["msg"])
	require.Equal(t, "INFO", line["level"])
	require.Equal(t, "/closed", line["namespace"])
	require.Contains(t, line["error"], "not you")
	c.send("40/nowhere,")
	line = await(r, lines)
	require.Equal(t, "WARN", line["level"])
	require.Equal(t, "Invalid namespace", line["reason"])
	require.Equal(t, "/nowhere", line["namespace"])
	require.Equal(t, "/nowhere", await(r, names))
}

func TestLogOfTooManyNamespaces(t *testing.T) {
	logger, lines := newLog(slog.LevelInfo)
	r := serve(t, &server.Options{Logger: logger, MaxNamespaces: 1})
	r.Of("/a")
	c, _ := r.join("/")
	for range 2 {
		c.send("40/a,")
		line := await(r, lines)
		if line["msg"] == "client disconnected" {
			require.Equal(t, "Options.MaxNamespaces", line["hint"])
			return
		}
		require.Equal(t, "connection refused", line["msg"])
		require.Equal(t, "Too many namespaces", line["reason"])
	}
	require.Equal(t, "Options.MaxNamespaces", await(r, lines)["hint"])
}

func TestDebugLog(t *testing.T) {
	logger, lines := newLog(slog.LevelDebug)
	r := serve(t, &server.Options{Logger: logger})
	query := r.poll()
	require.Equal(t, "client connected", await(r, lines)["msg"])
	r.http("POST", query, "40")
	line := await(r, lines)
	require.Equal(t, "socket connected", line["msg"])
	require.Equal(t, "/", line["namespace"])
	r.http("GET", query, "")
	_, sid, _ := strings.Cut(query, "sid=")
	ws := r.open(sid)
	ws.send("2probe")
	require.Equal(t, "3probe", string(ws.read().Data))
	ws.send("5")
	line = await(r, lines)
	require.Equal(t, "client upgraded", line["msg"])
	require.Equal(t, "websocket", line["transport"])
	ws.send("1")
	line = await(r, lines)
	require.Equal(t, "client disconnected", line["msg"])
	require.Equal(t, "transport close", line["reason"])
	line = await(r, lines)
	require.Equal(t, "socket disconnected", line["msg"])
	require.Equal(t, "DEBUG", line["level"])
}

func TestNilLoggerIsTheDefault(t *testing.T) {
	r := serve(t, nil)
	logger, lines := newLog(slog.LevelInfo)
	before := slog.Default()
	slog.SetDefault(logger)
	defer slog.SetDefault(before)
	r.http("GET", "transport=pigeon", "")
	require.Equal(t, "request rejected", await(r, lines)["msg"])
}

// However many there are, ten lines of a kind are written in a second, and how many more
// there were.
func TestLinesAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logger, lines := newLog(slog.LevelInfo)
		sio := server.New(&server.Options{Logger: logger})
		defer sio.Close()
		refuse := func(n int, query string) {
			for range n {
				sio.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/socket.io/?"+query, nil))
			}
		}
		refuse(100, "EIO=3&transport=polling")
		require.Len(t, lines, 10)
		refuse(1, "EIO=4&transport=polling&sid=x")
		require.Len(t, lines, 11, "another kind")
		for range 11 {
			require.NotContains(t, <-lines, "more")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		line := <-lines
		require.Equal(t, 90., line["more"])
		require.Equal(t, "request rejected", line["msg"])
		require.Equal(t, "Unsupported protocol version", line["reason"])
		refuse(10, "EIO=3&transport=polling")
		time.Sleep(time.Second)
		refuse(10, "EIO=3&transport=polling")
		require.Len(t, lines, 20)
	})
}

// What a client sends is neither long in a line nor mistaken for one.
func TestForeignTextInTheLog(t *testing.T) {
	var text syncBuffer
	sent := make(chan error, 10)
	r := serve(t, &server.Options{
		Logger:  slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug})),
		OnError: func(_ *server.Socket, err error) { sent <- err },
	})
	r.OnConnect(func(s *server.Socket) {
		s.On("number", func(_ context.Context, m *event.Message) error { return m.Decode(new(int)) })
		s.On("panic", func(_ context.Context, m *event.Message) error {
			var text string
			_ = m.Decode(&text)
			panic(text)
		})
		s.OnAny(func(_ context.Context, m *event.Message) error {
			if m.Name() != "number" && m.Name() != "panic" {
				return errors.New("no handler")
			}
			return nil
		})
	})
	c, _ := r.join("/")
	const long = 900_000
	for _, packet := range []string{
		`42["number",` + strings.Repeat("9", long) + `]`,
		`42["panic","` + strings.Repeat("x", long) + `"]`,
		`42["` + strings.Repeat("x", long) + `"]`,
		`42["` + strings.Repeat(`\u0001`, long/6) + `"]`,
		`42["` + strings.Repeat(`ö`, long/2) + `"]`,
	} {
		before := len(text.String())
		c.send(packet)
		err := await(r, sent)
		var failed *event.HandlerError
		require.ErrorAs(t, err, &failed)
		written := text.String()[before:]
		require.NotEmpty(t, written)
		require.Less(t, len(written)-2*len(failed.Stack), 1500, "%s", written)
	}
	require.Contains(t, text.String(), "no handler", "the end of a long text says why")
	before := len(text.String())
	c.send(`42["a\nlevel=ERROR msg=forged\u001b[31m"]`)
	await(r, sent)
	written := text.String()[before:]
	require.Equal(t, 1, strings.Count(written, "\n"))
	require.NotContains(t, written, "\x1b")
	c.send("40/" + strings.Repeat("n", long) + ",")
	c.read()
	require.Less(t, len(text.String())-before, 3000)
}

// brokenHandler is a slog.Handler that panics, and keeps the last error.
type brokenHandler struct {
	slog.Handler
	err chan error
}

func (h brokenHandler) Handle(_ context.Context, record slog.Record) error {
	record.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok {
			h.err <- err
		}
		return true
	})
	panic("disk full")
}

// Handlers of a log get the error itself, and whatever they do harms nobody.
func TestLogHandlers(t *testing.T) {
	h := brokenHandler{slog.NewTextHandler(new(bytes.Buffer), nil), make(chan error, 10)}
	r := serve(t, &server.Options{Logger: slog.New(h)})
	cause := fmt.Errorf("cause")
	r.OnConnect(func(s *server.Socket) {
		s.On("fail", func(context.Context, *event.Message) error { return cause })
	})
	c, _ := r.join("/")
	c.send(`42["fail"]`)
	require.ErrorIs(t, await(r, h.err), cause)
	c.wantWorks()
}

// What the log says to set exists.
func TestHintsNameOptions(t *testing.T) {
	source, err := os.ReadFile("log.go")
	require.NoError(t, err)
	names := regexp.MustCompile(`Options\.(\w+)`).FindAllStringSubmatch(string(source), -1)
	require.NotEmpty(t, names)
	for _, name := range names {
		_, ok := reflect.TypeFor[server.Options]().FieldByName(name[1])
		require.True(t, ok, "Options.%s", name[1])
	}
}
