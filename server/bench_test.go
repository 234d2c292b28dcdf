//go:build linux

package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/transport"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

// The clients of a benchmark run in a process of their own, this test binary
// again, so that what is measured is the server alone.
const clientsVariable = "ISOSOCKET_BENCHMARK_CLIENTS"

func init() {
	if order := os.Getenv(clientsVariable); order != "" {
		var c crowd
		if _, err := fmt.Sscan(order, &c.task, &c.url, &c.connections, &c.window); err != nil {
			panic(err)
		}
		c.run()
		os.Exit(0)
	}
}

// benchmark is a server under load.
type benchmark struct {
	*testing.B
	*server.Server
	clients *exec.Cmd
	stdin   io.WriteCloser
	stdout  *bufio.Reader
}

// load starts a server and its clients, and returns when they are connected.
func load(b *testing.B, task string, connections, window int, setup func(*server.Server)) *benchmark {
	sio := server.New(nil)
	setup(sio)
	h := httptest.NewServer(sio)
	b.Cleanup(h.Close)
	b.Cleanup(func() { sio.Close() })
	x := &benchmark{B: b, Server: sio, clients: exec.Command(os.Args[0], "-test.run=^$")}
	x.clients.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %d %d", clientsVariable, task, strings.TrimPrefix(h.URL, "http://"), connections, window))
	x.clients.Stderr = os.Stderr
	var err error
	if x.stdin, err = x.clients.StdinPipe(); err != nil {
		b.Fatal(err)
	}
	out, err := x.clients.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	x.stdout = bufio.NewReader(out)
	if err := x.clients.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		x.stdin.Close()
		x.clients.Wait()
	})
	x.hear()
	return x
}

// hear waits for a line from the clients.
func (b *benchmark) hear() {
	if _, err := b.stdout.ReadString('\n'); err != nil {
		b.Fatal("clients: ", err)
	}
}

// tell sends a line to the clients.
func (b *benchmark) tell(n int) { fmt.Fprintln(b.stdin, n) }

// cpu returns the processor time that this process has used.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// measure runs fn and reports the processor time of the server for each of n things.
func (b *benchmark) measure(n int, unit string, fn func()) {
	runtime.GC()
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu()
	fn()
	used := cpu() - before
	b.StopTimer()
	b.ReportMetric(float64(used.Nanoseconds())/float64(n), "cpu-ns/"+unit)
}

// crowd is the clients.
type crowd struct {
	task, url           string
	connections, window int
	conns               []transport.Conn
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (c *crowd) run() {
	dialer := transportnative.Platform(nil).Dialer
	ctx := context.Background()
	c.conns = make([]transport.Conn, c.connections)
	var wg sync.WaitGroup
	turns := make(chan int)
	for range 32 {
		wg.Go(func() {
			for i := range turns {
				conn := must(dialer.Dial(ctx, "ws://"+c.url+"/socket.io/?EIO=4&transport=websocket", 0))
				must(conn.Read(ctx))
				must(0, conn.Write(ctx, message("40")))
				must(conn.Read(ctx))
				c.conns[i] = conn
			}
		})
	}
	for i := range c.conns {
		turns <- i
	}
	close(turns)
	wg.Wait()
	fmt.Println("ready")
	orders := bufio.NewScanner(os.Stdin)
	for orders.Scan() {
		n := must(strconv.Atoi(orders.Text()))
		for _, conn := range c.conns {
			wg.Go(func() {
				switch c.task {
				case "echo":
					c.echo(ctx, conn, n/c.connections, `42["echo","`+payload+`"]`)
				case "chat":
					c.echo(ctx, conn, n/c.connections, `42["chat",`+chat+`]`)
				case "listen":
					c.listen(ctx, conn, n, conn == c.conns[0])
				case "send":
					if conn == c.conns[c.connections-1] {
						must(0, conn.Write(ctx, message(`42["sender"]`)))
						return
					}
					c.listen(ctx, conn, n, conn == c.conns[0])
				}
			})
		}
		wg.Wait()
		fmt.Println("done")
	}
}

// echo keeps a window of events in flight until n have come back.
func (c *crowd) echo(ctx context.Context, conn transport.Conn, n int, event string) {
	first := make([]transport.Message, min(c.window, n))
	for i := range first {
		first[i] = message(event)
	}
	must(0, conn.Write(ctx, first...))
	for i := range n {
		m := must(conn.Read(ctx))
		if i+len(first) < n {
			must(0, conn.Write(ctx, m))
		}
	}
}

// chat is what people say to each other, of 128 B.
const chat = `{"id":123456,"room":"general","user":"ada","text":"good morning, is anybody there?","at":1764280000000,"tags":["a","b"],"ok":true}`

type chatMessage struct {
	ID   int      `json:"id"`
	Room string   `json:"room"`
	User string   `json:"user"`
	Text string   `json:"text"`
	At   int64    `json:"at"`
	Tags []string `json:"tags"`
	OK   bool     `json:"ok"`
}

// listen receives n events. One client tells the server how far it is.
func (c *crowd) listen(ctx context.Context, conn transport.Conn, n int, tell bool) {
	for range n {
		must(conn.Read(ctx))
		if tell {
			must(0, conn.Write(ctx, message(`42["got"]`)))
		}
	}
}

func BenchmarkEcho(b *testing.B) {
	for _, load := range []struct{ connections, window int }{{100, 32}, {20, 1}} {
		b.Run(fmt.Sprintf("conns=%d/inflight=%d", load.connections, load.window), func(b *testing.B) {
			benchmarkEcho(b, load.connections, load.window)
		})
	}
}

// BenchmarkChat is an echo of objects.
func BenchmarkChat(b *testing.B) {
	for _, with := range []struct{ connections, window int }{{100, 32}, {20, 1}} {
		b.Run(fmt.Sprintf("conns=%d/inflight=%d", with.connections, with.window), func(b *testing.B) {
			said := event.New[chatMessage]("chat")
			x := load(b, "chat", with.connections, with.window, func(sio *server.Server) {
				sio.OnConnect(func(s *server.Socket) {
					said.On(s, func(_ context.Context, m chatMessage) error { return said.Emit(s, m) })
				})
			})
			n := max(b.N, with.connections)
			x.measure(n, "event", func() {
				x.tell(n)
				x.hear()
			})
		})
	}
}

func benchmarkEcho(b *testing.B, connections, window int) {
	x := load(b, "echo", connections, window, func(sio *server.Server) {
		sio.OnConnect(func(s *server.Socket) {
			s.On("echo", func(_ context.Context, m *event.Message) error {
				var text string
				if err := m.Decode(&text); err != nil {
					return err
				}
				return s.Emit("echo", text)
			})
		})
	})
	n := max(b.N, connections)
	x.measure(n, "event", func() {
		x.tell(n)
		x.hear()
	})
}

func BenchmarkBroadcast(b *testing.B) {
	for _, connections := range []int{1000, 10_000} {
		b.Run(fmt.Sprintf("conns=%d", connections), func(b *testing.B) {
			x, got := loadListeners(b, "listen", connections)
			x.measure(b.N*connections, "delivery", func() {
				x.tell(b.N)
				x.broadcast(got, x.Except())
			})
		})
	}
}

// BenchmarkBroadcastExceptSender is a broadcast of one client to all the others.
func BenchmarkBroadcastExceptSender(b *testing.B) {
	const receivers = 10_000
	x, got := loadListeners(b, "send", receivers+1)
	sender := make(chan *server.Socket, 1)
	for _, s := range x.Sockets() {
		s.On("sender", func(context.Context, *event.Message) error { sender <- s; return nil })
	}
	x.measure(b.N*receivers, "delivery", func() {
		x.tell(b.N)
		x.broadcast(got, (<-sender).Broadcast())
	})
}

// loadListeners starts clients one of which tells the server, in got, how far it is.
func loadListeners(b *testing.B, task string, connections int) (x *benchmark, got chan struct{}) {
	const window = 4
	got = make(chan struct{}, window)
	x = load(b, task, connections, window, func(sio *server.Server) {
		sio.OnConnect(func(s *server.Socket) {
			s.On("got", func(context.Context, *event.Message) error { got <- struct{}{}; return nil })
		})
	})
	for range window {
		got <- struct{}{}
	}
	return x, got
}

// broadcast sends b.N events, each when one of those before was got, and waits until
// the clients have them all.
func (b *benchmark) broadcast(got <-chan struct{}, to server.Broadcast) {
	for range b.N {
		<-got
		if err := to.Emit("news", payload); err != nil {
			b.Fatal(err)
		}
	}
	b.hear()
}

// BenchmarkIdle holds connections that have joined a namespace and do nothing.
func BenchmarkIdle(b *testing.B) {
	const connections = 10_000
	memory, goroutines := footprint()
	resident := residentBytes(b)
	x := load(b, "idle", connections, 0, func(sio *server.Server) {
		sio.OnConnect(func(s *server.Socket) {
			s.On("message", func(context.Context, *event.Message) error { return nil })
		})
	})
	for len(x.Sockets()) < connections {
		runtime.Gosched()
	}
	memoryAfter, goroutinesAfter := footprint()
	b.ReportMetric(float64(memoryAfter-memory)/connections, "heap+stack-B/conn")
	b.ReportMetric(float64(residentBytes(b)-resident)/connections, "resident-B/conn")
	b.ReportMetric(float64(goroutinesAfter-goroutines)/connections, "goroutines/conn")
}

func footprint() (bytes uint64, goroutines int) {
	for range 3 { // stacks shrink in a collection, pools are emptied in two
		runtime.GC()
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse, runtime.NumGoroutine()
}

func residentBytes(b *testing.B) int {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		b.Fatal(err)
	}
	return pages * os.Getpagesize()
}
