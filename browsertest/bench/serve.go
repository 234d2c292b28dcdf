package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	_ "net/http/pprof" // under /debug/pprof/, for make profile
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/coder/websocket"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
)

// serve is the server process. It listens on a free port of the loopback, prints
// {"port":N}, and ends with its standard input.
func serve(name, kind string) error {
	switch name {
	case ours:
		http.Handle("/socket.io/", newOurs(kind))
	case limit:
		http.Handle("/socket.io/", new(echoServer))
	default:
		return fmt.Errorf("no server %q", name)
	}
	http.HandleFunc("/settle", func(w http.ResponseWriter, r *http.Request) {
		debug.FreeOSMemory()
		json.NewEncoder(w).Encode(map[string]int{"goroutines": runtime.NumGoroutine()})
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go http.Serve(listener, nil) // ends with the process
	fmt.Printf("{\"port\":%d}\n", listener.Addr().(*net.TCPAddr).Port)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// The events of the loads.
var (
	echo = event.New[string]("echo")
	blob = event.New[[]byte]("blob")
	ack  = event.NewCall[string, string]("ack")
	cast = event.New[string]("cast")
	rain = event.New[string]("storm")
	join = event.NewCall[[]string, struct{}]("join")
	room = event.New[toRoom]("room")

	texts = event.New[demand]("texts")
	blobs = event.New[demand]("blobs")
	casts = event.New[demand]("casts")
)

// demand asks for a burst.
type demand struct {
	event.Positional
	Events, Bytes int
}

// toRoom is an event that goes to the sockets in a room.
type toRoom struct {
	event.Positional
	Room string
	Text string
}

// newOurs returns our server with the handler that a kind of load needs, so that
// idle connections hold one.
func newOurs(kind string) *server.Server {
	options := &server.Options{
		// 32 events of 64 KB are in flight, or all of a broadcast waits for one who does not read.
		SendBufferBytes: 16 << 20,
		AnyOrigin:       true, // that of the page is another
	}
	level := slog.LevelWarn
	switch kind {
	case "storm":
		options.SendBufferBytes = 0 // the default
		level = slog.LevelError     // that who does not read is disconnected is no news
	case "texts", "blobs", "casts":
		options.SendBufferBytes = 0 // the default has to do
	}
	options.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	io := server.New(options)
	handle := map[string]func(s *server.Socket){
		"echo": func(s *server.Socket) {
			echo.On(s, func(_ context.Context, text string) error { return echo.Emit(s, text) })
		},
		"blob": func(s *server.Socket) {
			blob.On(s, func(_ context.Context, data []byte) error { return blob.Emit(s, data) })
		},
		pageLoad: func(s *server.Socket) {
			echo.On(s, func(_ context.Context, text string) error { return echo.Emit(s, text) })
			blob.On(s, func(_ context.Context, data []byte) error { return blob.Emit(s, data) })
		},
		"ack": func(s *server.Socket) {
			ack.Handle(s, func(_ context.Context, text string) (string, error) { return text, nil })
		},
		"cast": func(s *server.Socket) {
			cast.On(s, func(_ context.Context, text string) error { return cast.Emit(io, text) })
		},
		"storm": func(s *server.Socket) {
			rain.On(s, func(_ context.Context, text string) error { return rain.Emit(io, text) })
		},
		"room": func(s *server.Socket) {
			join.Handle(s, func(_ context.Context, rooms []string) (struct{}, error) {
				s.Join(rooms...)
				return struct{}{}, nil
			})
			room.On(s, func(_ context.Context, m toRoom) error { return echo.Emit(io.To(m.Room), m.Text) })
		},
		"texts": func(s *server.Socket) {
			texts.On(s, func(_ context.Context, d demand) error {
				text := strings.Repeat("0", d.Bytes)
				return repeat(d.Events, func() error { return echo.Emit(s, text) })
			})
		},
		"blobs": func(s *server.Socket) {
			blobs.On(s, func(_ context.Context, d demand) error {
				return repeat(d.Events, func() error { return blob.Emit(s, make([]byte, d.Bytes)) })
			})
		},
		"casts": func(s *server.Socket) {
			casts.On(s, func(_ context.Context, d demand) error {
				text := strings.Repeat("0", d.Bytes)
				return repeat(d.Events, func() error { return cast.Emit(io, text) })
			})
		},
	}[kind]
	io.OnConnect(handle)
	return io
}

func repeat(times int, emit func() error) error {
	for range times {
		if err := emit(); err != nil {
			return err
		}
	}
	return nil
}

// echoServer is what the WebSocket library does without us: it sends every message
// back, or to everybody, without looking into it.
type echoServer struct {
	mu    sync.Mutex
	conns []*websocket.Conn // those that get what is for everybody; guarded by mu
}

var castPrefix = []byte(`42["cast"`)

// ServeHTTP implements http.Handler.
func (s *echoServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // answered
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	s.add(conn)
	defer s.remove(conn)
	ctx := context.Background()
	for {
		kind, data, err := conn.Read(ctx)
		if err != nil {
			return
		}
		to := []*websocket.Conn{conn}
		if kind == websocket.MessageText && bytes.HasPrefix(data, castPrefix) {
			to = s.everybody()
		}
		for _, c := range to {
			if err := c.Write(ctx, kind, data); err != nil {
				return
			}
		}
	}
}

func (s *echoServer) add(conn *websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = append(s.conns, conn)
}

func (s *echoServer) remove(conn *websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = slices.DeleteFunc(s.conns, func(c *websocket.Conn) bool { return c == conn })
}

func (s *echoServer) everybody() []*websocket.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.conns)
}
