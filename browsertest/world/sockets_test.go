package world

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/transporttest"
)

// TestSockets plays a server and its clients against each other.
func TestSockets(t *testing.T) {
	f := play(t, 50, func(t *testing.T, seed uint64, v *verdict, f *figures) {
		newWorld(tell(seed), v).play(t, f)
	})
	f.demandAll(t)
}

// namespaces are those that every client is in.
var namespaces = []string{"/", "/b"}

const (
	clients       = 3
	serverAddress = "server:80"
	forgotten     = 45 * time.Second // within which an end is reached, and what was broken noticed
	patience      = 20 * time.Second // for an answer, and for being connected
)

// world is a server with its clients.
type world struct {
	story
	verdict *verdict
	network *transporttest.Network
	server  *server.Server
	news    []*news
	clients []*client
	flaw    func(transport.Platform) transport.Platform // of the clients' platform; nil: none

	upgrades atomic.Int64
	ended    atomic.Bool // no answer and no connection is owed any more
	actors   sync.WaitGroup

	mu      sync.Mutex       // guards what follows
	stage   context.Context  // done when the actors are to stop
	seats   map[string]*seat // by the id of the socket
	sources uint64           // of randomness, handed out
}

func newWorld(s story, v *verdict) *world {
	w := &world{story: s, verdict: v, network: transporttest.NewNetwork(s.seed), seats: make(map[string]*seat)}
	w.network.Latency, w.network.Rate = latency, s.rate
	if s.rate == 0 {
		w.network.Buffer = 16 << 20 // so that no Write to a WebSocket waits
	}
	return w
}

// play runs the story to its end. It must be called in a bubble.
func (w *world) play(t *testing.T, f *figures) {
	options := server.Options{
		PingInterval: 2 * time.Second,
		PingTimeout:  2 * time.Second,
		Logger:       slog.New(slog.DiscardHandler),
	}
	if w.slow {
		options.InboxBytes = 4000 // ten events or so
	}
	w.server = server.New(&options)
	for _, name := range namespaces {
		w.news = append(w.news, w.serve(w.server.Of(name)))
	}
	listener, err := w.network.Listen(serverAddress)
	require.NoError(t, err)
	httpServer := &http.Server{Handler: w.server}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = httpServer.Serve(listener)
	}()

	rng := w.source()
	exit := w.enter(t.Context())
	for i := range clients {
		w.clients = append(w.clients, w.newClient(t, i))
	}
	w.resume()
	if !w.early {
		w.breakThings(rng)
		exit()
		w.network.Spare()
		time.Sleep(forgotten)
		w.checkQuiet()
		exit = w.enter(t.Context())
		w.resume()
	}
	time.Sleep(time.Duration(rng.Int64N(int64(upgradeTime))))
	promises := w.end(t)
	time.Sleep(time.Second)
	exit()
	time.Sleep(forgotten)
	for _, c := range w.clients {
		for _, s := range c.sides {
			s.up.judge()
		}
	}
	for _, p := range promises {
		p.check(w.ending.String())
	}

	for _, c := range w.clients {
		c.close()
	}
	time.Sleep(forgotten)
	w.checkEmpty()
	require.NoError(t, w.server.Close())
	require.NoError(t, httpServer.Close())
	<-served
	time.Sleep(forgotten) // connections linger
	if n := w.network.Open(); n > 0 {
		w.verdict.problem("%d connections left open", n)
	}
	if len(w.verdict.problems) > 0 {
		w.verdict.problems[0] = w.story.String() + ": " + w.verdict.problems[0]
	}
	w.count(f)
}

func (w *world) count(f *figures) {
	f.count(w.verdict, w.network)
	f.upgrades += int(w.upgrades.Load())
	for _, s := range w.seats {
		f.events += s.events.sent() + s.headlines.sent()
	}
	for _, c := range w.clients {
		for _, s := range c.sides {
			f.events += s.up.sent()
		}
	}
}

// source returns randomness for one actor, so that it does not depend on what the others do.
func (w *world) source() *rand.Rand {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sources++
	return rand.New(rand.NewPCG(w.seed, w.sources))
}

// enter begins a stage, on which actors may act until exit is called, which waits for them.
func (w *world) enter(ctx context.Context) (exit func()) {
	ctx, cancel := context.WithCancel(ctx)
	w.mu.Lock()
	w.stage = ctx
	w.mu.Unlock()
	return func() {
		w.mu.Lock()
		cancel()
		w.mu.Unlock()
		w.actors.Wait()
	}
}

// act calls do now and then, until the stage is left or do returns false.
func (w *world) act(do func(rng *rand.Rand) bool) {
	w.mu.Lock()
	stage := w.stage
	if stage.Err() != nil {
		w.mu.Unlock()
		return
	}
	w.actors.Add(1)
	w.mu.Unlock()
	rng := w.source()
	go func() {
		defer w.actors.Done()
		for do(rng) {
			select {
			case <-time.After(time.Duration(rng.Int64N(int64(w.pace())))):
			case <-stage.Done():
				return
			}
		}
	}()
}

// breakThings has faults happen while the actors act, the first one at the time of an
// upgrade in half of the rounds.
func (w *world) breakThings(rng *rand.Rand) {
	const length = 2 * time.Second
	const most = 3
	within := int64(length / most)
	if rng.IntN(2) == 0 {
		within = int64(upgradeTime)
	}
	for range 1 + rng.IntN(most) {
		time.Sleep(time.Duration(rng.Int64N(within)))
		within = int64(length / most)
		switch w.fault {
		case cuts:
			w.network.Cut()
		case halfOpen:
			w.network.HalfOpen()
		case losses:
			w.network.Lose()
		}
	}
	time.Sleep(length / most)
}

// checkQuiet demands that every client is connected again, and that all has arrived.
func (w *world) checkQuiet() {
	current := make(map[string]bool)
	for _, c := range w.clients {
		for _, s := range c.sides {
			if !s.socket.Connected() {
				w.verdict.problem("%s: not connected again", s.up.name)
			}
			current[s.socket.ID()] = true
			s.up.settle(s.socket.ID(), "when all was quiet")
		}
	}
	for _, s := range w.present() {
		if !current[s.socket.ID()] {
			w.verdict.problem("%s: has no client", s.events.name)
			continue
		}
		s.events.settle(s.events.sent(), "when all was quiet")
		s.headlines.settle(s.headlines.sent(), "when all was quiet")
	}
}

// resume starts an actor for every socket and for the news.
func (w *world) resume() {
	for _, s := range w.present() {
		w.act(s.talk)
	}
	for _, c := range w.clients {
		for _, s := range c.sides {
			w.act(s.talk)
		}
	}
	for _, n := range w.news {
		w.act(n.publish)
	}
}

// promise is what an orderly end owes: that the first events of a flow arrive.
type promise struct {
	flow *flow
	n    int
	void func() bool // the receiver has left before
}

func (p promise) check(when string) {
	if !p.void() {
		p.flow.settle(p.n, when)
	}
}

// end brings about the end of the story, and returns what it owes.
func (w *world) end(t *testing.T) (promises []promise) {
	w.ended.Store(true)
	w.speakLast()
	if w.ending == clientsClose {
		var closing sync.WaitGroup
		for _, c := range w.clients {
			for _, s := range c.sides {
				if s.socket.Connected() {
					promises = append(promises, promise{&s.up.flow, s.up.sent(), func() bool { return false }})
				}
			}
			closing.Go(c.close)
		}
		closing.Wait()
		return promises
	}
	present := w.present()
	for _, s := range present {
		promises = append(promises,
			promise{&s.events, s.events.sent(), s.abandoned.Load},
			promise{&s.headlines, s.headlines.sent(), s.abandoned.Load})
	}
	if w.ending == shutdown {
		ctx, cancel := context.WithTimeout(t.Context(), forgotten)
		defer cancel()
		if err := w.server.Shutdown(ctx); err != nil {
			w.verdict.problem("Shutdown: %v", err)
		}
		return promises
	}
	for _, s := range present {
		s.socket.Disconnect(true)
	}
	return promises
}

// speakLast has those who end the story say a lot right before.
func (w *world) speakLast() {
	if !w.bursts {
		return
	}
	const lastWords = 20
	for range lastWords {
		if w.ending == clientsClose {
			for _, c := range w.clients {
				for _, s := range c.sides {
					if s.socket.Connected() {
						s.emit()
					}
				}
			}
			continue
		}
		for _, s := range w.present() {
			s.emit()
		}
	}
}

// checkEmpty demands that nothing is left of the clients, which have closed.
func (w *world) checkEmpty() {
	for _, s := range w.all() {
		if !s.left.Load() {
			w.verdict.problem("%s: not disconnected in the end", s.events.name)
		}
	}
	if n := w.server.Stats().Connections; n > 0 {
		w.verdict.problem("%d sessions left", n)
	}
	for _, name := range namespaces {
		if n := len(w.server.Of(name).Sockets()); n > 0 {
			w.verdict.problem("%d sockets left in %s", n, name)
		}
	}
}
