//go:build !js

package transportnative

import (
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/isosocket/isosocket/transport"
)

var payload = []byte(`42["message","` + strings.Repeat("x", 34) + `"]`) // 50 bytes

// discard reads what arrives at the socket under conn, without looking at it.
func discard(c transport.Conn) (done chan struct{}) {
	done = make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.CopyBuffer(io.Discard, struct{ io.Reader }{c.(droppable).Conn.(*conn).source}, make([]byte, 64<<10))
	}()
	return done
}

// drain reads what arrives at conn until that fails.
func drain(conn transport.Conn) (done chan struct{}) {
	done = make(chan struct{})
	go func() {
		defer close(done)
		for {
			if _, err := conn.Read(context.Background()); err != nil {
				return
			}
		}
	}()
	return done
}

// raw returns a pair of which the accepted end is the library's own.
func raw(b *testing.B) (dialed transport.Conn, accepted *websocket.Conn) {
	conns := make(chan *websocket.Conn, 1)
	server := listen(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ws, err := websocket.Accept(w, r, nil); err == nil {
			conns <- ws
		}
	}))
	dialed, err := platform(b, Config{}).Dialer.Dial(b.Context(), "ws"+server.URL[len("http"):], 0)
	if err != nil {
		b.Fatal(err)
	}
	accepted = <-conns
	b.Cleanup(func() { _ = accepted.CloseNow() })
	return droppable{dialed}, accepted
}

// BenchmarkWrite writes messages of 50 bytes from an accepted connection. One op is one message.
func BenchmarkWrite(b *testing.B) {
	ctx := context.Background()
	cancelable, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, bm := range []struct {
		name string
		size int
		ctx  context.Context
	}{{"batch=1", 1, ctx}, {"batch=32", 32, ctx}, {"cancelable", 1, cancelable}} {
		b.Run(bm.name, func(b *testing.B) {
			dialed, accepted := pair(b, 0)
			done := discard(dialed)
			batch := make([]transport.Message, bm.size)
			for i := range batch {
				batch[i].Data = payload
			}
			b.ReportAllocs()
			for i := 0; i < b.N; i += bm.size {
				if err := accepted.Write(bm.ctx, batch...); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			_ = accepted.Close(0, "")
			_ = dialed.Close(0, "")
			<-done
		})
	}
	b.Run("coder", func(b *testing.B) {
		dialed, accepted := raw(b)
		done := discard(dialed)
		b.ReportAllocs()
		for range b.N {
			if err := accepted.Write(ctx, websocket.MessageText, payload); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		_ = accepted.CloseNow()
		_ = dialed.Close(0, "")
		<-done
	})
}

// BenchmarkRead reads messages of 50 bytes, which were written in batches of 32, from an accepted connection.
func BenchmarkRead(b *testing.B) {
	ctx := context.Background()
	feed := func(conn transport.Conn, n int) (done chan struct{}) {
		done = make(chan struct{})
		batch := make([]transport.Message, 32)
		for i := range batch {
			batch[i].Data = payload
		}
		go func() {
			defer close(done)
			for i := 0; i < n; i += len(batch) {
				if conn.Write(ctx, batch...) != nil {
					return
				}
			}
		}()
		return done
	}
	cancelable, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, bm := range []struct {
		name string
		ctx  context.Context
	}{{"accepted", ctx}, {"cancelable", cancelable}} {
		b.Run(bm.name, func(b *testing.B) {
			dialed, accepted := pair(b, 1e6)
			done := feed(dialed, b.N)
			b.ReportAllocs()
			for range b.N {
				if _, err := accepted.Read(bm.ctx); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			<-done
			_ = accepted.Close(0, "")
			_ = dialed.Close(0, "")
		})
	}
	b.Run("coder", func(b *testing.B) {
		dialed, accepted := raw(b)
		done := feed(dialed, b.N)
		b.ReportAllocs()
		for range b.N {
			if _, _, err := accepted.Read(ctx); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		<-done
		_ = accepted.CloseNow()
		_ = dialed.Close(0, "")
	})
}

// BenchmarkIdle holds 2,000 accepted connections with a reader each and reports
// what one costs this process, apart from the peer's socket.
func BenchmarkIdle(b *testing.B) {
	const n = 2000
	server := listen(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := Accept(w, r, AcceptOptions{MaxMessage: 1e6}); err == nil {
			drain(conn) // ends when the peer's socket is closed
		}
	}))
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer nobody.Close()
	for range b.N {
		b.StopTimer()
		heap0, stack0 := memory()
		sockets := dialMany(b, n, nobody.Addr().String(), false)
		heap1, stack1 := memory()
		b.StartTimer()
		peers := dialMany(b, n, server.Listener.Addr().String(), true)
		b.StopTimer()
		heap2, stack2 := memory()
		heap := (heap2 - heap1) - (heap1 - heap0)
		stack := (stack2 - stack1) - (stack1 - stack0)
		b.ReportMetric(float64(heap)/n, "heap-B/conn")
		b.ReportMetric(float64(stack)/n, "stack-B/conn")
		for _, c := range append(sockets, peers...) {
			_ = c.Close()
		}
	}
}

func dialMany(b *testing.B, n int, address string, upgrade bool) []net.Conn {
	conns := make([]net.Conn, n)
	for i := range conns {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		if upgrade {
			if status := handshake(b, conn, ""); status != "HTTP/1.1 101 Switching Protocols" {
				b.Fatal(status)
			}
		}
		conns[i] = conn
	}
	return conns
}

// memory returns the bytes of live objects and of stacks.
func memory() (heap, stack int) {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc), int(m.StackInuse)
}
