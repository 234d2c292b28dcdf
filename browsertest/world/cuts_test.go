package world

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/transporttest"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

// TestCuts breaks the connections of a conversation after so many bytes.
func TestCuts(t *testing.T) {
	for _, transports := range [][]string{{"polling"}, {"websocket"}, {"polling", "websocket"}} {
		name := transports[0]
		if len(transports) == 2 {
			name = "upgrade"
		}
		t.Run(name, func(t *testing.T) {
			total := new(cutFigures)
			for seed, failed := uint64(0), 0; total.cuts() < *cutsPlayed && failed < told; seed++ {
				if *oneSeed >= 0 {
					seed = uint64(*oneSeed)
				}
				var v verdict
				most := min(cutsARound, *cutsPlayed-total.cuts())
				bubble(t, seed, func(t *testing.T) { newWeather(seed, transports, most, &v).play(t, total) })
				total.lost, total.doubled, total.reordered = total.lost+v.lost, total.doubled+v.doubled, total.reordered+v.reordered
				if len(v.problems) > 0 {
					failed++
					t.Errorf("-seed %d: %d problems", seed, len(v.problems))
					for _, p := range v.problems[:min(len(v.problems), toldProblems)] {
						t.Logf("\t%s", p)
					}
				}
				if *oneSeed >= 0 {
					break
				}
			}
			t.Logf("%s: %v", name, total)
			if *oneSeed < 0 && min(total.breaks[transporttest.Reset], total.breaks[transporttest.Finish], total.breaks[transporttest.Stall], total.again) == 0 {
				t.Error("something has never happened")
			}
		})
	}
}

// cutFigures are what the cuts were.
type cutFigures struct {
	breaks                   [transporttest.Stall + 1]int
	events                   int // that were accepted, requests among them
	lost, doubled, reordered int
	told                     int // events that were lost, which was told
	again                    int // events that were put back, and sent by the next connection
}

func (f *cutFigures) cuts() (n int) {
	for _, b := range f.breaks {
		n += b
	}
	return n
}

func (f *cutFigures) String() string {
	return fmt.Sprintf("%d cuts, %d events, lost in silence %d, doubled %d, reordered %d (%d resets, %d ends, %d stalls; %d events lost and told, %d sent again)",
		f.cuts(), f.events, f.lost, f.doubled, f.reordered,
		f.breaks[transporttest.Reset], f.breaks[transporttest.Finish], f.breaks[transporttest.Stall], f.told, f.again)
}

const cutsARound = 10

// weather is a server with one client, whose connections break.
type weather struct {
	transports []string
	verdict    *verdict
	network    *transporttest.Network
	rng        *rand.Rand // of fate
	most       int        // cuts
	ledger     *ledger
	flaw       func(transport.Platform) transport.Platform // of the client's; nil: none
	socket     *socketio.Socket

	up       conversation
	calm     atomic.Bool // nothing breaks any more, and nothing is said
	requests sync.WaitGroup
	actors   sync.WaitGroup

	sent atomic.Int64 // events that the client has handed to a connection

	mu      sync.Mutex            // guards what follows
	planned int                   // breaks
	seed    uint64                // of the last actor
	seats   map[string]*shortSeat // by the id of the socket
}

// conversation is what one end says.
type conversation struct {
	flow
	asking sync.Mutex  // guards what follows
	asked  int         // requests
	asks   map[int]int // how often each has arrived
}

// shortSeat is a socket of the server.
type shortSeat struct {
	conversation
	socket *server.Socket
	left   atomic.Bool // it was told of the disconnection
}

func newWeather(seed uint64, transports []string, most int, v *verdict) *weather {
	w := &weather{
		transports: transports, verdict: v, most: most, seed: seed * 1000,
		network: transporttest.NewNetwork(seed),
		ledger:  newLedger(),
		seats:   make(map[string]*shortSeat),
	}
	w.network.Latency = latency
	w.network.Fate = w.fate
	w.rng = rand.New(rand.NewPCG(seed, 7))
	w.up.begin("client", v)
	return w
}

func (c *conversation) begin(name string, v *verdict) {
	c.name, c.verdict, c.asks = name, v, make(map[int]int)
}

// fate draws where a connection breaks. The ways take turns.
func (w *weather) fate() *transporttest.Break {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calm.Load() {
		return nil
	}
	w.planned++
	b := &transporttest.Break{How: transporttest.How(w.planned % 3), Down: w.rng.IntN(2) == 0}
	if w.rng.IntN(4) == 0 {
		b.After = w.rng.IntN(1000) // in a handshake, or not much later
	} else {
		b.After = w.rng.IntN(1 << (9 + w.rng.IntN(9)))
	}
	return b
}

// play has both ends talk until so many connections are broken, and checks what arrived.
// It must be called in a bubble.
func (w *weather) play(t *testing.T, f *cutFigures) {
	sio := server.New(&server.Options{
		PingInterval: 500 * time.Millisecond,
		PingTimeout:  500 * time.Millisecond,
		MaxPayload:   100_000,
		Logger:       slog.New(slog.DiscardHandler),
	})
	sio.OnConnect(w.welcome)
	listener, err := w.network.Listen(serverAddress)
	require.NoError(t, err)
	httpServer := &http.Server{Handler: sio}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = httpServer.Serve(listener)
	}()

	pool := &http.Transport{DialContext: dialer(w.network.Dial)}
	platform := w.ledger.watch(transportnative.Platform(&transportnative.Config{HTTPClient: &http.Client{Transport: pool}}))
	if w.flaw != nil {
		platform = w.flaw(platform)
	}
	w.socket, err = socketio.New("http://"+serverAddress, &socketio.Options{
		Transports:           w.transports,
		Timeout:              5 * time.Second,
		ReconnectionDelay:    20 * time.Millisecond,
		ReconnectionDelayMax: 200 * time.Millisecond,
		Platform:             platform,
		OnError:              func(error) {}, // attempts to connect fail
	})
	require.NoError(t, err)
	w.socket.Manager().AddTrace(&socketio.Trace{EventSent: func(*socketio.Socket, string) { w.sent.Add(1) }})
	w.socket.OnDisconnect(func(socketio.Reason, error) { w.ledger.disconnected() })
	w.socket.On("event", func(_ context.Context, m *socketio.Message) error { return w.received(m, nil) })
	w.socket.On("ask", func(_ context.Context, m *socketio.Message) error { return w.wasAsked(m, nil) })
	w.act(func(rng *rand.Rand) bool { return w.talk(rng, w.socket, &w.up, "") })
	require.NoError(t, w.socket.Connect(t.Context()))

	cuts := func() (n int) {
		for _, b := range w.network.Faults().Breaks {
			n += b
		}
		return n
	}
	for cuts() < w.most {
		time.Sleep(20 * time.Millisecond)
	}
	w.mu.Lock()
	w.calm.Store(true)
	w.mu.Unlock()
	w.network.Spare()
	w.actors.Wait()
	time.Sleep(forgotten)
	w.askLast()
	w.requests.Wait()
	w.check(f)

	require.NoError(t, w.socket.Shutdown(t.Context()))
	require.NoError(t, sio.Shutdown(t.Context()))
	pool.CloseIdleConnections()
	require.NoError(t, httpServer.Close())
	<-served
	time.Sleep(forgotten) // connections linger
	if n := w.network.Open(); n > 0 {
		w.verdict.problem("%d connections left open", n)
	}
	for how, n := range w.network.Faults().Breaks {
		f.breaks[how] += n
	}
}

// act calls do now and then, until nothing is said any more or do returns false.
func (w *weather) act(do func(rng *rand.Rand) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calm.Load() {
		return
	}
	w.seed++
	rng := rand.New(rand.NewPCG(w.seed, 8))
	w.actors.Go(func() {
		for !w.calm.Load() && do(rng) {
			time.Sleep(time.Duration(rng.Int64N(int64(80 * time.Millisecond))))
		}
	})
}

// welcome makes the server talk to a client.
func (w *weather) welcome(socket *server.Socket) {
	s := &shortSeat{socket: socket}
	s.begin("server "+socket.ID(), w.verdict)
	w.mu.Lock()
	w.seats[socket.ID()] = s
	w.mu.Unlock()
	socket.OnDisconnect(func(event.Reason) { s.left.Store(true) })
	socket.On("event", func(_ context.Context, m *event.Message) error { return w.received(m, &w.up) })
	socket.On("ask", func(_ context.Context, m *event.Message) error { return w.wasAsked(m, &w.up) })
	w.act(func(rng *rand.Rand) bool { return w.talk(rng, socket, &s.conversation, socket.ID()) })
}

// talker is either end's socket.
type talker interface {
	event.Emitter
	event.Requester
}

// talk says something: a burst of events, or a request.
func (w *weather) talk(rng *rand.Rand, to talker, c *conversation, id string) bool {
	if rng.IntN(4) == 0 {
		w.ask(to, c, id)
		return true
	}
	for range 1 + rng.IntN(8) {
		var data []byte
		if rng.IntN(5) == 0 {
			data = make([]byte, 1<<rng.IntN(16))
		}
		if err := c.send(func(n int) error { return to.Emit("event", n, id, len(data), data) }); err != nil {
			if !expected(err) {
				w.verdict.problem("%s: emit: %v", c.name, err)
			}
			return false
		}
	}
	return true
}

// ask sends a request, which must end.
func (w *weather) ask(to talker, c *conversation, id string) {
	c.asking.Lock()
	n := c.asked
	c.asked++
	c.asking.Unlock()
	behind := c.sent()
	w.requests.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
		defer cancel()
		reply, err := to.Request(ctx, "ask", n, id, behind)
		var got int
		if err == nil {
			err = reply.Decode(&got)
		}
		c.asking.Lock()
		arrived := c.asks[n]
		c.asking.Unlock()
		switch {
		case err == nil && (got != n || arrived != 1):
			w.verdict.problem("%s: request %d, which has arrived %d times, was answered with %d", c.name, n, arrived, got)
		case err != nil && ctx.Err() != nil:
			w.verdict.count(&w.verdict.lost, 1, "%s: request %d did not end", c.name, n)
		case err != nil && !expected(err):
			w.verdict.problem("%s: request %d: %v", c.name, n, err)
		case err != nil && id == "" && !w.ledger.left()[fmt.Sprintf(`["ask",%d`, n)]:
			w.verdict.count(&w.verdict.lost, 1, "%s: request %d, which has not left, has ended: %v", c.name, n, err)
		}
	})
}

// askLast has both ends send a request on the connection that goes on.
func (w *weather) askLast() {
	w.ask(w.socket, &w.up, "")
	w.mu.Lock()
	defer w.mu.Unlock()
	if s := w.seats[w.socket.ID()]; s != nil {
		w.ask(s.socket, &s.conversation, s.socket.ID())
	}
}

// conversation returns that of a seat, or up.
func (w *weather) conversation(id string, up *conversation) *conversation {
	if up != nil {
		return up
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return &w.seats[id].conversation
}

// received handles an event, of the client if up is not nil.
func (w *weather) received(m *event.Message, up *conversation) error {
	var n, size int
	var id string
	var data []byte
	if err := m.Decode(&n, &id, &size, &data); err != nil {
		return err
	}
	c := w.conversation(id, up)
	if len(data) != size {
		w.verdict.problem("%s: event %d has %d bytes in place of %d", c.name, n, len(data), size)
	}
	c.receive(n)
	return nil
}

// wasAsked handles a request.
func (w *weather) wasAsked(m *event.Message, up *conversation) error {
	var n, behind int
	var id string
	if err := m.Decode(&n, &id, &behind); err != nil {
		return err
	}
	c := w.conversation(id, up)
	c.asking.Lock()
	c.asks[n]++
	again := c.asks[n] > 1
	c.asking.Unlock()
	if again {
		w.verdict.count(&w.verdict.doubled, 1, "%s: request %d arrived again", c.name, n)
	}
	c.overtaken(behind)
	return m.Ack(n)
}

// check demands that nothing is missing but what the sender was told of.
func (w *weather) check(f *cutFigures) {
	if !w.socket.Connected() {
		w.verdict.problem("the client is not connected in the end")
	}
	f.told += w.up.forgive(func(n int) bool { return w.ledger.mayBeLost(fmt.Sprintf(`["event",%d`, n)) })
	w.up.settle(w.up.sent(), "and nobody was told")
	f.events += w.up.sent() + w.up.asked
	f.again += int(w.sent.Load()) - w.up.sent() - w.up.asked
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, s := range w.seats {
		f.events += s.sent() + s.asked
		switch left := s.left.Load(); {
		case left:
			s.settle(0, "in front of what arrived")
			f.told += s.forgive(func(int) bool { return true })
		case id != w.socket.ID():
			w.verdict.problem("%s: has no client", s.name)
		default:
			s.settle(s.sent(), "and nobody was told")
		}
	}
}
