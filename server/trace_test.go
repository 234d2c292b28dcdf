package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/transport"
)

// diary is what a trace has told, in words.
type diary struct {
	mu    sync.Mutex
	lines []string // guarded by mu
	more  chan struct{}
}

func (d *diary) write(format string, args ...any) {
	d.mu.Lock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
	d.mu.Unlock()
	d.more <- struct{}{}
}

// wants wants that these lines are written next, in any order.
func (d *diary) wants(r *rig, want ...string) {
	r.Helper()
	for range want {
		await(r, d.more)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	require.ElementsMatch(r, want, d.lines)
	d.lines = nil
}

type traced struct{}

func (d *diary) trace() *server.Trace {
	return &server.Trace{
		SessionOpened:   func(s server.Session) { d.write("opened %d %s", s.ID(), s.Transport()) },
		SessionUpgraded: func(s server.Session) { d.write("upgraded %d %s", s.ID(), s.Transport()) },
		SessionClosed: func(s server.Session, reason event.Reason, _ error) {
			d.write("closed %d %s", s.ID(), reason)
		},
		Connected:      func(s *server.Socket) { d.write("connected %s %s", s.Namespace().Name(), s.Transport()) },
		ConnectRefused: func(s *server.Socket, err error) { d.write("refused %s %v", s.Namespace().Name(), err) },
		Disconnected:   func(s *server.Socket, reason event.Reason) { d.write("disconnected %s", reason) },
		RoomJoined:     func(_ *server.Socket, room string) { d.write("joined %s", room) },
		RoomLeft:       func(_ *server.Socket, room string) { d.write("left %s", room) },
		RoomCreated:    func(n *server.Namespace, room string) { d.write("created %s in %s", room, n.Name()) },
		RoomDeleted:    func(n *server.Namespace, room string) { d.write("deleted %s in %s", room, n.Name()) },
		EventReceived:  func(_ *server.Socket, m *event.Message) { d.write("received %s", m.Name()) },
		EventSent:      func(_ *server.Socket, name string) { d.write("sent %s", name) },
		EventDropped:   func(_ *server.Socket, name string, _ error) { d.write("dropped %s", name) },
		RequestRejected: func(r server.Rejection) {
			d.write("rejected %d %s from %s", r.Code, r.Reason, r.Request.Header.Get("Origin"))
		},
		Handling: func(ctx context.Context, _ *server.Socket, m *event.Message) (context.Context, func(error)) {
			d.write("handling %s", m.Name())
			return context.WithValue(ctx, traced{}, m.Name()), func(err error) { d.write("handled %s: %v", m.Name(), err) }
		},
	}
}

func TestTrace(t *testing.T) {
	d := &diary{more: make(chan struct{}, 1000)}
	r := serve(t, &server.Options{AllowRequest: func(r *http.Request) error {
		if r.Header.Get("Origin") == "https://evil.example" {
			return errors.New("not you")
		}
		return nil
	}})
	remove := r.AddTrace(d.trace())
	r.get("GET", pollingHandshake, "Origin", "https://evil.example")
	d.wants(r, "rejected 4 not you from https://evil.example")
	r.Of("/closed").Use(func(context.Context, *server.Socket) error { return errors.New("no") })
	r.OnConnect(func(s *server.Socket) {
		s.On("greet", func(ctx context.Context, m *event.Message) error {
			return s.Emit("greeting", ctx.Value(traced{}))
		})
		s.On("fail", func(context.Context, *event.Message) error { return errors.New("sorry") })
	})
	c, s := r.connect()
	d.wants(r, "opened 1 websocket", "connected / websocket")
	c.send("40/closed,")
	c.want(`44/closed,{"message":"Internal error"}`)
	d.wants(r, "refused /closed no")
	c.send(`42["greet"]`)
	c.want(`42["greeting","greet"]`)
	d.wants(r, "received greet", "handling greet", "sent greeting", "handled greet: <nil>")
	c.send(`42["fail"]`)
	d.wants(r, "received fail", "handling fail", `handled fail: event: handler of "fail": sorry`)

	s.Join("a", "b", "a")
	s.Join("b", s.ID())
	d.wants(r, "created a in /", "joined a", "created b in /", "joined b")
	s.Leave("a", "never")
	d.wants(r, "left a", "deleted a in /")
	require.NoError(t, r.To("b").Emit("news"))
	c.want(`42["news"]`)
	d.wants(r, "sent news")

	// On polling nothing volatile waits.
	query := r.poll()
	r.http("POST", query, "40")
	d.wants(r, "opened 2 polling", "connected / polling")
	r.http("GET", query, "")
	require.NoError(t, r.Except("b").Volatile().Emit("blink"))
	d.wants(r, "dropped blink")
	r.http("POST", query, "1")
	d.wants(r, "closed 2 transport close", "disconnected transport close")

	s.Disconnect(false)
	d.wants(r, "left b", "deleted b in /", "disconnected server namespace disconnect")
	c.want("41")
	require.NoError(t, c.conn.Close(0, ""))
	d.wants(r, "closed 1 transport close")

	remove()
	remove()
	c, _ = r.connect()
	c.send(`42["greet"]`)
	c.want(`42["greeting",null]`)
	require.Empty(t, d.lines)
}

// Several traces, one of which fails in each function, and what they do to the
// context of a handler.
func TestSeveralTraces(t *testing.T) {
	r := serve(t, nil)
	var ends []string
	var mu sync.Mutex
	add := func(name string) (remove func()) {
		return r.AddTrace(&server.Trace{
			Handling: func(ctx context.Context, s *server.Socket, m *event.Message) (context.Context, func(error)) {
				outer, _ := ctx.Value(traced{}).(string)
				return context.WithValue(ctx, traced{}, outer+name), func(error) {
					mu.Lock()
					defer mu.Unlock()
					ends = append(ends, name)
				}
			},
		})
	}
	add("1")
	r.AddTrace(&server.Trace{
		SessionOpened:  func(server.Session) { panic("opened") },
		Connected:      func(*server.Socket) { panic("connected") },
		EventReceived:  func(*server.Socket, *event.Message) { panic("received") },
		PacketReceived: func(server.Session, transport.Message) { panic("packet") },
		EventSent:      func(*server.Socket, string) { panic("sent") },
		RoomJoined:     func(*server.Socket, string) { panic("joined") },
		Handling: func(context.Context, *server.Socket, *event.Message) (context.Context, func(error)) {
			return nil, func(error) { panic("end") }
		},
	})
	removed := add("removed")
	add("2")
	removed()
	r.OnConnect(func(s *server.Socket) {
		s.Join("room")
		s.On("who?", func(ctx context.Context, m *event.Message) error { return m.Ack(ctx.Value(traced{})) })
	})
	c, _ := r.connect()
	c.send(`420["who?"]`)
	c.want(`430["12"]`)
	c.send(`421["who?"]`) // its answer comes when the first is handled to the end
	c.want(`431["12"]`)
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, []string{"2", "1"}, ends[:2])
}

func TestTracePackets(t *testing.T) {
	read, write := io.Pipe()
	defer read.Close()
	lines := make(chan string, 100)
	go func() { // ends when write is closed
		defer close(lines)
		text := make([]byte, 1000)
		for {
			n, err := read.Read(text)
			if err != nil {
				return
			}
			lines <- string(text[:n])
		}
	}()
	r := serve(t, nil)
	remove := r.AddTrace(server.TracePackets(write))
	r.OnConnect(func(s *server.Socket) {
		s.On("echo", func(_ context.Context, m *event.Message) error { return m.Ack([]byte{1, 2, 3}) })
	})
	wants := func(want ...string) {
		t.Helper()
		for _, line := range want {
			require.Equal(t, line, await(r, lines))
		}
	}
	c, id := r.join("/")
	opened := await(r, lines)
	require.True(t, strings.HasPrefix(opened, "session 1 opened: websocket, 127.0.0.1:"), opened)
	wants("session 1 ← 0\n", `session 1 → 0{"sid":"`+id+"\"}\n")
	c.send(`451-1["echo",{"_placeholder":true,"num":0}]`)
	c.sendBinary(1, 2)
	wants(`session 1 ← 51-1["echo",{"_placeholder":true,"num":0}]`+"\n", "session 1 ← 2 bytes\n",
		`session 1 → 61-1[{"_placeholder":true,"num":0}]`+"\nsession 1 → 3 bytes\n")
	c.send("4\x1b[31m")
	wants(`session 1 ← "\x1b[31m"` + "\n")
	require.Contains(t, await(r, lines), "session 1 closed: forced close: ")
	remove()
	require.NoError(t, write.Close())
	_, more := <-lines
	require.False(t, more)
}

// The engine's part of a trace: what came of requests.
func TestTraceOfRequests(t *testing.T) {
	r := serve(t, &server.Options{AllowRequest: func(r *http.Request) error {
		if r.URL.Query().Has("stranger") {
			return errors.New("who are you?")
		}
		return nil
	}})
	d := &diary{more: make(chan struct{}, 100)}
	upgraded := make(chan string, 1)
	defer r.AddTrace(&server.Trace{
		RequestRejected: func(r server.Rejection) {
			d.write("%s %d %d %s %v", r.Request.Method, r.Status, r.Code, r.Reason, r.Err)
		},
		SessionUpgraded: func(s server.Session) { upgraded <- s.Transport() },
	})()
	r.http("GET", "transport=pigeon", "")
	d.wants(r, "GET 400 0 Transport unknown <nil>")
	r.http("GET", "transport=polling&sid=unknown", "")
	d.wants(r, "GET 400 1 Session ID unknown <nil>")
	r.http("GET", "transport=polling&stranger", "")
	d.wants(r, "GET 403 4 who are you? who are you?")

	query := r.poll()
	_, sid, _ := strings.Cut(query, "sid=")
	ws := r.open(sid)
	ws.send("2probe")
	require.Equal(t, "3probe", string(ws.read().Data))
	ws.send("5")
	require.Equal(t, "websocket", await(r, upgraded))
}
