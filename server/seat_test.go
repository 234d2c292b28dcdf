package server_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
)

// door is a server on fake time whose middleware lets a client in when the test says so.
// The client is one on polling.
type door struct {
	*testing.T
	*server.Server
	query string

	mu   sync.Mutex
	got  []string // by the client, since it was looked at last
	gone bool     // the session has ended
	runs []*run   // of the middleware, in the order they began
	most int      // runs at a time
	now  int
}

// run is one run of the middleware.
type run struct {
	name     string // that the client gave in its payload
	ctx      context.Context
	stubborn bool // it does not heed ctx
	verdict  chan error
	over     bool
	ends     []string // what OnDisconnecting and OnDisconnect were told
}

func atTheDoor(t *testing.T, options *server.Options, script func(d *door)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := server.Options{PingInterval: time.Hour}
		if options != nil {
			o = *options
		}
		d := &door{T: t, Server: server.New(&o)}
		d.Use(d.ask)
		d.OnConnect(func(s *server.Socket) {
			s.On("who", func(_ context.Context, m *event.Message) error { return m.Ack(s.Data()) })
		})
		handshake, _ := d.do("GET", "")
		d.query = sid(handshake)
		polls := make(chan struct{})
		go d.poll(polls)
		defer func() {
			require.NoError(t, d.Close())
			for r := d.running(); r != nil; r = d.running() {
				r.verdict <- nil
			}
			require.NoError(t, d.Wait(t.Context()))
			<-polls
		}()
		script(d)
	})
}

func (d *door) do(method, body string) (answer string, status int) {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), method, "/socket.io/?EIO=4&transport=polling"+d.query, strings.NewReader(body)))
	return w.Body.String(), w.Code
}

// ask is the middleware.
func (d *door) ask(ctx context.Context, s *server.Socket) error {
	var auth struct {
		Name     string
		Stubborn bool
	}
	if err := s.Handshake().DecodeAuth(&auth); err != nil {
		return err
	}
	s.SetData(auth.Name)
	r := &run{name: auth.Name, ctx: ctx, stubborn: auth.Stubborn, verdict: make(chan error)}
	told := func(what string) func(event.Reason) {
		return func(reason event.Reason) {
			d.mu.Lock()
			defer d.mu.Unlock()
			r.ends = append(r.ends, what+string(reason))
		}
	}
	s.OnDisconnect(told("left: "))
	s.OnDisconnecting(told("leaving: "))
	d.mu.Lock()
	d.runs = append(d.runs, r)
	d.now++
	d.most = max(d.most, d.now)
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		d.now--
		r.over = true
		d.mu.Unlock()
	}()
	heeded := ctx.Done()
	if auth.Stubborn {
		heeded = nil
	}
	select {
	case err := <-r.verdict:
		return err
	case <-heeded:
		return ctx.Err()
	}
}

// running returns the run that is not over, or nil.
func (d *door) running() *run {
	d.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	var found *run
	for _, r := range d.runs {
		if !r.over {
			require.Nil(d, found, "two runs at a time")
			found = r
		}
	}
	return found
}

func (d *door) poll(done chan<- struct{}) {
	defer close(done)
	for {
		body, status := d.do("GET", "")
		d.mu.Lock()
		d.gone = status != 200 || body == "1" // an error, or a close packet
		if !d.gone {
			d.got = append(d.got, strings.Split(body, "\x1e")...)
		}
		gone := d.gone
		d.mu.Unlock()
		if gone {
			return
		}
	}
}

var anyID = regexp.MustCompile(`"sid":"[^"]*"`)

// send sends the packets in one body.
func (d *door) send(packets ...string) {
	d.Helper()
	body, status := d.do("POST", strings.Join(packets, "\x1e"))
	require.Equal(d, 200, status)
	require.Equal(d, "ok", body)
}

// want checks all that the client got since it was asked last. Ids are not looked at.
func (d *door) want(packets ...string) {
	d.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	require.False(d, d.gone, "the connection is closed")
	for i := range d.got {
		d.got[i] = anyID.ReplaceAllString(d.got[i], `"sid":"…"`)
	}
	require.Equal(d, packets, d.got)
	d.got = nil
}

func (d *door) wantClosed() {
	d.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	require.True(d, d.gone, "the connection is open")
}

// begun returns the names of the runs so far.
func (d *door) begun() (names []string) {
	d.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range d.runs {
		names = append(names, r.name)
	}
	return names
}

func (d *door) admit() { d.running().verdict <- nil }

const (
	a         = `40{"name":"a"}`
	b         = `40{"name":"b"}`
	stubbornA = `40{"name":"a","stubborn":true}`
	welcome   = `40{"sid":"…"}`
)

// https://socket.io/docs/v4/socket-io-protocol/#connection-to-a-namespace
func TestLatestConnectCounts(t *testing.T) {
	t.Run("the same again", func(t *testing.T) {
		atTheDoor(t, nil, func(d *door) {
			d.send(slices.Repeat([]string{a}, 2000)...)
			require.Equal(d, []string{"a"}, d.begun())
			require.NoError(d, d.running().ctx.Err())
			d.admit()
			d.want(welcome)
			require.Len(d, d.Sockets(), 1)
		})
	})
	t.Run("another payload", func(t *testing.T) {
		atTheDoor(t, nil, func(d *door) {
			d.send(a)
			first := d.running()
			d.send(b)
			var left *event.DisconnectError
			require.ErrorAs(d, context.Cause(first.ctx), &left)
			require.Equal(d, event.ClientNamespaceDisconnect, left.Reason)
			require.Equal(d, []string{"a", "b"}, d.begun())
			d.send(`420["who"]`)
			d.admit()
			d.want(welcome, `430["b"]`)
		})
	})
	t.Run("another payload, of many", func(t *testing.T) {
		atTheDoor(t, nil, func(d *door) {
			d.send(stubbornA)
			d.running()
			for i := range 2000 {
				d.send(`40{"name":"`+strconv.Itoa(i)+`"}`, `42["who"]`)
			}
			require.Equal(d, []string{"a"}, d.begun(), "it is still at work")
			require.Len(d, d.runs[0].ends, 0)
			d.running().verdict <- &server.ConnectError{Message: "is not told"}
			require.Equal(d, []string{"a", "1999"}, d.begun())
			d.want()
			d.admit()
			d.want(welcome)
			require.Equal(d, []string{"leaving: client namespace disconnect", "left: client namespace disconnect"}, d.runs[0].ends)
		})
	})
	t.Run("once it was answered", func(t *testing.T) {
		atTheDoor(t, nil, func(d *door) {
			d.send(a)
			d.admit()
			d.want(welcome)
			d.send(a) // the answer and this may have crossed
			require.Equal(d, []string{"a", "a"}, d.begun())
			require.Equal(d, []string{"leaving: client namespace disconnect", "left: client namespace disconnect"}, d.runs[0].ends)
			require.Empty(d, d.Sockets())
			d.admit()
			d.want(welcome)
			require.Len(d, d.Sockets(), 1)
		})
	})
	t.Run("left before the answer", func(t *testing.T) {
		atTheDoor(t, nil, func(d *door) {
			d.send(a, "41")
			require.Nil(d, d.running())
			d.want()
			d.send(a, "41", a, "41", a)
			d.admit()
			d.want(welcome)
		})
	})
	t.Run("left before the answer, of a middleware that goes on", func(t *testing.T) {
		atTheDoor(t, nil, func(d *door) {
			d.send(stubbornA)
			d.running()
			d.send("41")
			d.send(slices.Repeat([]string{b, "41"}, 500)...)
			require.Equal(d, []string{"a"}, d.begun())
			d.admit()
			require.Nil(d, d.running())
			d.want()
			d.send(stubbornA)
			d.admit()
			d.want(welcome)
		})
	})
	t.Run("leaving twice", func(t *testing.T) {
		atTheDoor(t, nil, func(d *door) {
			d.send(stubbornA)
			d.running()
			d.send("41", "41")
			d.wantClosed()
		})
	})
	t.Run("an event after leaving", func(t *testing.T) {
		atTheDoor(t, nil, func(d *door) {
			d.send(stubbornA)
			d.running()
			d.send("41", `42["who"]`)
			d.wantClosed()
		})
	})
	t.Run("other namespaces", func(t *testing.T) {
		atTheDoor(t, nil, func(d *door) {
			d.Of("/other")
			d.send("40/other,", a, b)
			synctest.Wait()
			d.want(`40/other,{"sid":"…"}`)
			d.admit()
			d.want(welcome)
			d.send("40/other,", "41/other,", "40/other,")
			synctest.Wait()
			d.mu.Lock()
			require.NotEmpty(d, d.got)
			d.mu.Unlock()
			require.Len(d, d.Of("/other").Sockets(), 1)
		})
	})
}

// What the server does meanwhile to the socket that waits, or to the one before it.
func TestConnectWhileTheServerActs(t *testing.T) {
	t.Run("shutting down", func(t *testing.T) {
		atTheDoor(t, nil, func(d *door) {
			d.send(stubbornA)
			d.running()
			d.send(b)
			done := make(chan error)
			go func() { done <- d.Shutdown(d.Context()) }()
			d.wantClosed()
			d.running().verdict <- nil
			require.NoError(d, <-done)
			require.Equal(d, []string{"a"}, d.begun())
			require.Equal(d, []string{"leaving: client namespace disconnect", "left: client namespace disconnect"}, d.runs[0].ends)
		})
	})
	t.Run("closing the connection", func(t *testing.T) {
		atTheDoor(t, nil, func(d *door) {
			d.send(stubbornA)
			d.running()
			d.send(b, "1")
			d.wantClosed()
			d.running().verdict <- nil
			require.Nil(d, d.running())
			require.Equal(d, []string{"a"}, d.begun())
		})
	})
	t.Run("disconnecting in the middleware", func(t *testing.T) {
		atTheDoor(t, nil, func(d *door) {
			d.Use(func(_ context.Context, s *server.Socket) error { s.Disconnect(false); return nil })
			d.send(a)
			d.admit()
			d.want(`44{"message":"Disconnected"}`)
			require.Equal(d, []string{"leaving: server namespace disconnect", "left: server namespace disconnect"}, d.runs[0].ends)
			d.send(`42["who"]`, "41", b)
			require.Equal(d, []string{"a", "b"}, d.begun())
		})
	})
}

// Whatever a client, its server and the middleware do, there is one run at a time, the last
// wish is answered once and nothing else is, and every run's functions are told once.
func TestConnectsAtRandom(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			atTheDoor(t, nil, func(d *door) { newWishes(d, seed).play(100) })
		})
	}
}

// wishes is the model of a client with one namespace.
type wishes struct {
	d      *door
	random *rand.Rand
	state  string // none, pending, connected, or over: closed by the server, which the client may not know yet
	name   string // of the last CONNECT
	count  int
	asked  []int // acks that are to come with the answer
	ack    int
	want   []string
}

func newWishes(d *door, seed uint64) *wishes {
	return &wishes{d: d, random: rand.New(rand.NewPCG(seed, 1)), state: "none"}
}

func (w *wishes) play(rounds int) {
	for range rounds {
		switch w.random.IntN(4) {
		case 0, 1:
			w.talk()
		case 2:
			w.decide()
		default:
			w.kick()
		}
		w.check()
	}
	d := w.d
	for r := d.running(); r != nil && r.ctx.Err() != nil; r = d.running() {
		r.verdict <- nil
	}
	require.NoError(d, d.Close())
	for r := d.running(); r != nil; r = d.running() {
		r.verdict <- nil
	}
	require.NoError(d, d.Wait(d.Context()))
	for _, r := range d.runs {
		require.Len(d, r.ends, 2)
		require.Equal(d, "leaving", r.ends[0][:7])
		require.Equal(d, "left", r.ends[1][:4])
	}
}

// talk sends some packets in one body.
func (w *wishes) talk() {
	var packets []string
	for range 1 + w.random.IntN(5) {
		switch n := w.random.IntN(10); {
		case n < 4: // a new wish
			w.count++
			w.name = strconv.Itoa(w.count)
			if w.random.IntN(3) == 0 {
				w.name += " stubborn"
			}
			packets = append(packets, w.connect())
			w.state, w.asked = "pending", nil
		case n < 5 && w.state == "pending": // the same wish
			packets = append(packets, w.connect())
		case n < 7 && w.state != "none":
			packets = append(packets, "41")
			w.state, w.asked = "none", nil
		case w.state != "none":
			w.ack++
			packets = append(packets, fmt.Sprintf(`42%d["who"]`, w.ack))
			switch w.state {
			case "pending":
				w.asked = append(w.asked, w.ack)
			case "connected":
				// What follows in this body may end the socket before it answers.
				w.d.send(packets...)
				synctest.Wait()
				packets = nil
				w.want = append(w.want, fmt.Sprintf(`43%d[%q]`, w.ack, w.name))
			}
		}
	}
	if len(packets) > 0 {
		w.d.send(packets...)
	}
}

func (w *wishes) connect() string {
	return fmt.Sprintf(`40{"name":%q,"stubborn":%v}`, w.name, strings.HasSuffix(w.name, "stubborn"))
}

// decide ends the middleware's run.
func (w *wishes) decide() {
	r := w.d.running()
	if r == nil {
		return
	}
	refuse := w.random.IntN(2) == 0
	var verdict error
	if refuse {
		verdict = &server.ConnectError{Message: r.name}
	}
	current := r.ctx.Err() == nil
	r.verdict <- verdict
	switch {
	case !current:
	case refuse:
		w.want = append(w.want, fmt.Sprintf(`44{"message":%q}`, r.name))
		w.state, w.asked = "over", nil
	default:
		w.want = append(w.want, welcome)
		w.state = "connected"
		for _, id := range w.asked {
			w.want = append(w.want, fmt.Sprintf(`43%d[%q]`, id, w.name))
		}
		w.asked = nil
	}
}

// kick disconnects the socket, if there is one.
func (w *wishes) kick() {
	synctest.Wait()
	for _, s := range w.d.Sockets() {
		s.Disconnect(false)
		w.want = append(w.want, "41")
		w.state = "over"
	}
}

func (w *wishes) check() {
	d := w.d
	d.Helper()
	r := d.running()
	d.want(w.want...)
	w.want = nil
	require.LessOrEqual(d, d.most, 1)
	if r == nil || r.ctx.Err() == nil {
		require.Equal(d, w.state == "pending", r != nil)
	}
	if r != nil && r.ctx.Err() == nil {
		require.Equal(d, w.name, r.name)
	}
	if r != nil && r.ctx.Err() != nil {
		require.True(d, r.stubborn)
	}
	if w.state == "connected" {
		require.Len(d, d.Sockets(), 1)
		require.Equal(d, w.name, d.Sockets()[0].Data())
	} else {
		require.Empty(d, d.Sockets())
	}
}

// toil makes handlers of "work" last until release is called.
func toil(sio *server.Server) (working *atomic.Int32, release func()) {
	working = new(atomic.Int32)
	free := make(chan struct{})
	sio.OnConnect(func(s *server.Socket) {
		s.On("work", func(context.Context, *event.Message) error {
			working.Add(1)
			defer working.Add(-1)
			<-free
			return nil
		})
		s.On("echo", func(_ context.Context, m *event.Message) error { return m.Ack() })
	})
	return working, sync.OnceFunc(func() { close(free) })
}

func TestUnfinishedSocketsAreFew(t *testing.T) {
	for name, options := range map[string]*server.Options{"unless told otherwise": nil, "as told": {MaxUnfinished: 3}} {
		t.Run(name, func(t *testing.T) {
			limit := 16
			if options != nil {
				limit = options.MaxUnfinished
			}
			r := serve(t, options)
			working, release := toil(r.Server)
			defer release()
			c, _ := r.join("/")
			r.Of("/other")
			for range limit - 1 {
				c.send(`42["work"]`, `420["echo"]`, "41")
				c.join("/") // beside the handlers at work
			}
			c.send(`42["work"]`, `420["echo"]`, "41")
			for range 200 {
				c.send("40", `42["work"]`, "41")
				c.want(`44{"message":"Too many handlers at work"}`)
			}
			c.send("40/other,")
			c.want(`44/other,{"message":"Too many handlers at work"}`)
			require.LessOrEqual(t, working.Load(), int32(limit))
			release()
			require.Eventually(t, func() bool {
				c.send("40")
				return strings.HasPrefix(string(c.read().Data), "40{")
			}, patience, time.Millisecond)
			c.send(`421["echo"]`)
			c.want(`431[]`)
		})
	}
}

// An honest client that comes back is not held up by its slow handler.
func TestRejoinBesideASlowHandler(t *testing.T) {
	r := serve(t, nil)
	working, release := toil(r.Server)
	defer release()
	c, first := r.join("/")
	c.send(`42["work"]`)
	for range 100 {
		c.send("41")
		require.NotEqual(t, first, c.join("/"))
		c.send(`420["echo"]`)
		c.want(`430[]`)
	}
	require.Equal(t, int32(1), working.Load())
}

// What waits for handlers of sockets that have left does not add up.
func TestEventsOfSocketsThatHaveLeftAreBounded(t *testing.T) {
	r := serve(t, nil)
	working, release := toil(r.Server)
	defer release()
	c, _ := r.join("/")
	pad := `42["x","` + strings.Repeat("x", 240_000) + `"]`
	before := heap()
	for i := range 16 {
		c.send(`42["work"]`, pad, pad, pad, pad, "41")
		if i < 15 {
			c.join("/")
		}
	}
	c.send("40")
	c.want(`44{"message":"Too many handlers at work"}`)
	require.Eventually(t, func() bool { return working.Load() > 0 }, patience, time.Millisecond)
	require.Less(t, heap()-before, int64(18e6))
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Events that came before an orderly end are handled, behind a handler that takes its time.
func TestEventsBeforeLeavingAreHandled(t *testing.T) {
	r := serve(t, nil)
	got := make(chan string, 3)
	free := make(chan struct{})
	r.OnConnect(func(s *server.Socket) {
		s.On("slow", func(context.Context, *event.Message) error { <-free; return nil })
		s.OnAny(func(_ context.Context, m *event.Message) error { got <- m.Name(); return nil })
	})
	c, _ := r.join("/")
	c.send(`42["slow"]`, `42["save"]`, "41")
	c.join("/")
	close(free)
	require.Equal(r, "slow", await(r, got))
	require.Equal(r, "save", await(r, got))
}

func TestComing20000Times(t *testing.T) {
	r := serve(t, nil)
	var left atomic.Int32
	r.OnConnect(func(s *server.Socket) {
		s.Join("room")
		s.OnDisconnect(func(event.Reason) { left.Add(1) })
	})
	c := r.dial()
	var before int64
	for i := range 20_000 {
		if i == 1000 {
			before = heap()
		}
		c.join("/")
		c.send("41")
	}
	require.Eventually(t, func() bool { return left.Load() == 20_000 }, patience, time.Millisecond)
	require.Less(t, heap()-before, int64(1e6))
	require.Empty(t, r.Sockets())
}
