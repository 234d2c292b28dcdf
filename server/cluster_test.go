package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/server/adapter/clustertest"
	"github.com/isosocket/isosocket/socketio/event"
)

// pair is two servers that know each other.
type pair struct {
	a, b *rig
}

func serveTwo(t *testing.T) pair {
	nodes := clustertest.New(2)
	return pair{serve(t, &server.Options{Adapter: nodes[0]}), serve(t, &server.Options{Adapter: nodes[1]})}
}

func TestBroadcastToOtherServers(t *testing.T) {
	p := serveTwo(t)
	clients := make(map[string]*raw)
	sockets := make(map[string]*server.Socket)
	clients["a"], sockets["a"] = p.a.connect()
	clients["b"], sockets["b"] = p.b.connect()
	clients["c"], sockets["c"] = p.b.connect()
	sockets["a"].Join("x")
	sockets["b"].Join("x", "y")
	for i, test := range []struct {
		emit event.Emitter
		want []string
	}{
		{p.a.Server, []string{"a", "b", "c"}},
		{p.b.Of("/"), []string{"a", "b", "c"}},
		{p.a.To("x"), []string{"a", "b"}},
		{p.b.To("x"), []string{"a", "b"}},
		{p.a.To("y"), []string{"b"}},
		{p.a.To("x").Except("y"), []string{"a"}},
		{p.a.To(), nil},
		{p.a.To(sockets["c"].ID()), []string{"c"}},
		{p.a.Local(), []string{"a"}},
		{p.b.To("x").Local(), []string{"b"}},
		{p.a.Volatile().To("x", "y"), []string{"a", "b"}},
		{sockets["a"].To("x"), []string{"b"}},
		{sockets["c"].Broadcast(), []string{"a", "b"}},
	} {
		name := "e" + strconv.Itoa(i)
		require.NoError(t, test.emit.Emit(name))
		require.NoError(t, p.a.Of("/").Sync(p.a.ctx))
		require.NoError(t, p.b.Of("/").Sync(p.b.ctx))
		for _, client := range test.want {
			clients[client].want(`42["` + name + `"]`)
		}
		for _, c := range clients {
			c.wantWorks()
		}
	}
	require.NoError(t, p.a.Of("/admin").Emit("x"), "the other server has no such namespace")
	require.NoError(t, p.a.Emit("binary", []byte{1}, map[string]any{"b": []byte{2}}))
	clients["b"].want(`452-["binary",{"_placeholder":true,"num":0},{"b":{"_placeholder":true,"num":1}}]`, "\x01", "\x02")
}

func TestOrderAcrossServers(t *testing.T) {
	p := serveTwo(t)
	c, s := p.b.connect()
	for i := range 200 {
		require.NoError(t, p.a.To(s.ID()).SocketsJoin("r"))
		require.NoError(t, p.a.To("r").Emit("n", i))
		require.NoError(t, p.a.To("r").SocketsLeave("r"))
		require.NoError(t, p.a.To("r").Emit("never"))
	}
	require.NoError(t, p.a.DisconnectSockets(true))
	for i := range 200 {
		c.want(`42["n",` + strconv.Itoa(i) + `]`)
	}
	c.want("41")
	c.wantClosed()
}

func TestRequestToOtherServers(t *testing.T) {
	p := serveTwo(t)
	c1, s1 := p.a.connect()
	c2, s2 := p.b.connect()
	c3, s3 := p.b.connect()
	c4, s4 := p.b.connect()
	c5, s5 := p.b.connect()
	go func() {
		for _, c := range []*raw{c1, c2, c3, c4, c5} {
			c.want(`420["q","x"]`)
		}
		c1.send(`430["A"]`)
		c2.send(`461-0[{"_placeholder":true,"num":0}]`)
		c2.sendBinary(1, 2)
		c3.send(`430[{"error":{"message":"no","data":3}}]`)
		c4.conn.Close(0, "")
	}()
	ctx, cancel := context.WithCancelCause(p.a.ctx)
	defer cancel(nil)
	impatient := errors.New("impatient")
	nodes := make(map[string]string)
	for reply, err := range p.a.Request(ctx, "q", "x") {
		require.NotContains(t, nodes, reply.Socket)
		nodes[reply.Socket] = reply.Node
		var refused *event.AckError
		switch reply.Socket {
		case s2.ID():
			var data []byte
			require.NoError(t, err)
			require.NoError(t, reply.Message.Decode(&data))
			require.Equal(t, []byte{1, 2}, data)
		case s3.ID():
			require.ErrorAs(t, err, &refused)
			require.Equal(t, "no", refused.Message)
		case s4.ID():
			var gone *event.DisconnectError
			require.ErrorAs(t, err, &gone)
		case s5.ID():
			require.ErrorIs(t, err, impatient)
		case s1.ID():
			var text string
			require.NoError(t, err)
			require.NoError(t, reply.Message.Decode(&text))
			require.Equal(t, "A", text)
		}
		if len(nodes) == 4 { // all but s5
			cancel(impatient)
		}
	}
	require.Equal(t, map[string]string{s1.ID(): "", s2.ID(): "2", s3.ID(): "2", s4.ID(): "2", s5.ID(): "2"}, nodes)
	go func() {
		c2.want(`421["q"]`)
		c2.send(`431[]`)
	}()
	for reply, err := range p.a.To(s2.ID(), s5.ID()).Request(p.a.ctx, "q") {
		require.NoError(t, err)
		require.Equal(t, s2.ID(), reply.Socket)
		break // what is left is not waited for
	}
}

// selfish panics when it is encoded.
type selfish struct{}

func (selfish) MarshalJSON() ([]byte, error) { panic("not me") }

func TestFetch(t *testing.T) {
	p := serveTwo(t)
	connected := make(chan *server.Socket, 1)
	p.b.OnConnect(func(s *server.Socket) { connected <- s })
	_, s1 := p.a.connect()
	p.b.dial().send(`40{"token":"t"}`)
	s2 := await(p.b, connected)
	s1.SetData(selfish{})
	s1.Join("r")
	s2.SetData(map[string]any{"name": "two"})
	s2.Join("r")

	found := make(map[string]server.RemoteSocket)
	for s, err := range p.a.Fetch(p.a.ctx) {
		require.NoError(t, err)
		found[s.ID] = s
	}
	require.Len(t, found, 2)
	for s, err := range p.b.Except(s2.ID()).Fetch(p.b.ctx) {
		require.NoError(t, err)
		require.Equal(t, s1.ID(), s.ID)
		require.NoError(t, s.DecodeData(new(int)), "there is nothing")
	}
	one, two := found[s1.ID()], found[s2.ID()]
	data := struct{ Name string }{"untouched"}
	require.NoError(t, one.DecodeData(&data))
	require.Equal(t, "untouched", data.Name, "it does not encode")
	require.NoError(t, two.DecodeData(&data))
	require.Equal(t, "two", data.Name)
	require.ElementsMatch(t, []string{s2.ID(), "r"}, two.Rooms)
	var auth struct{ Token string }
	require.NoError(t, two.Handshake.DecodeAuth(&auth))
	require.Equal(t, "t", auth.Token)
	own := s2.Handshake()
	require.Equal(t, own.URL.String(), two.Handshake.URL.String())
	require.Equal(t, own.Header, two.Handshake.Header)
	require.Equal(t, own.Host, two.Handshake.Host)
	require.Equal(t, own.Time.UnixMilli(), two.Handshake.Time.UnixMilli())
	require.Equal(t, "127.0.0.1", two.Handshake.RemoteAddr)

	for range p.a.Local().Fetch(p.a.ctx) {
		break
	}
	for range p.a.To().Fetch(p.a.ctx) {
		require.Fail(t, "nobody is selected")
	}
}

func TestServerEvents(t *testing.T) {
	p := serveTwo(t)
	ticks := make(chan string, 10)
	p.a.OnServer("tick", func(context.Context, *event.Message) error {
		require.Fail(t, "not the server that emits")
		return nil
	})
	off := p.b.OnServer("tick", func(_ context.Context, m *event.Message) error {
		require.False(t, m.WantsAck())
		var text string
		defer func() { ticks <- text }()
		return m.Decode(&text)
	})
	require.NoError(t, p.a.ServerEmit("tick", "one"))
	require.NoError(t, p.a.ServerEmit("tick", "two"))
	require.Equal(t, "one", await(p.b, ticks))
	require.Equal(t, "two", await(p.b, ticks))
	off()
	require.Error(t, p.a.ServerEmit("tick", make(chan int)))
	require.ErrorIs(t, p.a.ServerEmit("disconnect"), event.ErrReserved)

	p.b.OnServer("load?", func(_ context.Context, m *event.Message) error { return m.Ack(0.5, []byte{1}) })
	p.b.OnServer("secret?", func(context.Context, *event.Message) error { return &event.AckError{Message: "no"} })
	replies := 0
	for reply, err := range p.a.ServerRequest(p.a.ctx, "load?") {
		require.NoError(t, err)
		require.Equal(t, "2", reply.Node)
		var load float64
		var data []byte
		require.NoError(t, reply.Message.Decode(&load, &data))
		require.Equal(t, 0.5, load)
		require.Equal(t, []byte{1}, data)
		replies++
	}
	require.Equal(t, 1, replies)
	for _, err := range p.a.ServerRequest(p.a.ctx, "secret?") {
		var refused *event.AckError
		require.ErrorAs(t, err, &refused)
	}
	ctx, cancel := context.WithCancel(p.a.ctx)
	p.b.OnServer("silence?", func(context.Context, *event.Message) error { cancel(); return nil })
	for _, err := range p.a.ServerRequest(ctx, "silence?") {
		var silent *adapter.SilentError
		require.ErrorAs(t, err, &silent)
		require.Equal(t, "2", silent.Node)
		require.ErrorIs(t, err, context.Canceled)
	}
	for _, err := range p.a.ServerRequest(p.a.ctx, "x", func() {}) {
		require.Error(t, err)
	}
	known, count, err := p.a.Nodes(p.a.ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"2"}, known)
	require.Equal(t, 2, count)
}

// The context of a handler of another server's event ends with this server, which
// Close does not wait for.
func TestServerEventsOfAClosedServer(t *testing.T) {
	p := serveTwo(t)
	handling, over := make(chan struct{}), make(chan error, 1)
	p.b.OnServer("work", func(ctx context.Context, _ *event.Message) error {
		close(handling)
		<-ctx.Done()
		over <- context.Cause(ctx)
		return nil
	})
	require.NoError(t, p.a.ServerEmit("work"))
	await(p.b, handling)
	require.NoError(t, p.b.Server.Close())
	var gone *event.DisconnectError
	require.ErrorAs(t, await(p.b, over), &gone)
	require.NoError(t, p.b.Wait(p.b.ctx))
	require.ErrorIs(t, p.b.Emit("x"), adapter.ErrClosed)
	require.NoError(t, p.b.Local().Emit("x"))
}

func TestServerAlone(t *testing.T) {
	r := serve(t, nil)
	r.OnServer("x", func(context.Context, *event.Message) error { panic("there is no other server") })
	require.NoError(t, r.ServerEmit("x"))
	require.Error(t, r.ServerEmit("x", make(chan int)))
	for range r.ServerRequest(r.ctx, "x") {
		require.Fail(t, "there is no other server")
	}
	known, count, err := r.Nodes(r.ctx)
	require.NoError(t, err)
	require.Empty(t, known)
	require.Equal(t, 1, count)
	require.NoError(t, r.Of("/").Sync(r.ctx))
}

// grasp is an adapter for a single server whose host is within reach of a test.
func grasp(t *testing.T, options server.Options) (*rig, adapter.Host) {
	var host adapter.Host
	options.Adapter = func(h adapter.Host) (adapter.Adapter, error) {
		host = h
		return clustertest.New(1)[0](h)
	}
	return serve(t, &options), host
}

// What comes from a broker was not necessarily written by a server.
func TestBrokenPacketsFromOtherServers(t *testing.T) {
	var log syncBuffer
	r, host := grasp(t, server.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	r.OnServer("x", func(context.Context, *event.Message) error { panic("it was broken") })
	c, _ := r.connect()
	broken := []adapter.Packet{
		{},
		{Data: json.RawMessage(`[]`)},
		{Data: json.RawMessage(`{}`)},
		{Data: json.RawMessage(`["x"`)},
		{Data: json.RawMessage(`["x"] `)},
		{Data: json.RawMessage(`["x"]["x"]`)},
		{Data: json.RawMessage(`1["x"]`)},
		{Data: json.RawMessage(`/other,["x"]`)},
		{Data: json.RawMessage(`["disconnect"]`)},
		{Data: json.RawMessage("[\"\xff\"]")},
		{Data: json.RawMessage(`[{}]`)},
		{Data: json.RawMessage(`["x",{"_placeholder":true,"num":1}]`), Attachments: [][]byte{{1}}},
	}
	for _, p := range broken {
		host.Deliver(&p, adapter.Target{})
		host.Serve(&p, nil)
		sockets, cancel := host.Ask(&p, adapter.Target{}, func(adapter.Answer) { t.Error("not asked") })
		require.Empty(t, sockets, "%q", p.Data)
		cancel()
	}
	require.Contains(t, log.String(), "trouble with other servers")
	host.Deliver(&adapter.Packet{Data: json.RawMessage(`["fine",{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{1}}}, adapter.Target{})
	c.want(`451-["fine",{"_placeholder":true,"num":0}]`, "\x01")
	c.wantWorks()
}

// More attachments than clients take by default, and more bytes than one may send.
func TestLargePacketsFromOtherServers(t *testing.T) {
	nodes := clustertest.New(2)
	a := serve(t, &server.Options{Adapter: nodes[0], MaxAttachments: 20})
	b := serve(t, &server.Options{Adapter: nodes[1], MaxAttachments: 20})
	c, _ := b.connect()
	var args []any
	for range 20 {
		args = append(args, make([]byte, 100_000))
	}
	require.NoError(t, a.Emit("large", args...))
	require.Contains(t, string(c.read().Data), `4520-["large",`)
	for range args {
		require.Len(t, c.read().Data, 100_000)
	}
}

var errNoBroker = errors.New("no broker")

// A server whose adapter cannot be made serves its own sockets.
func TestAdapterThatIsNotMade(t *testing.T) {
	for name, create := range map[string]adapter.New{
		"error":    func(adapter.Host) (adapter.Adapter, error) { return nil, errNoBroker },
		"panic":    func(adapter.Host) (adapter.Adapter, error) { panic(errNoBroker) },
		"no error": func(adapter.Host) (adapter.Adapter, error) { return nil, nil },
	} {
		t.Run(name, func(t *testing.T) {
			r := serve(t, &server.Options{Adapter: create})
			c, s := r.connect()
			wants := func(err error) {
				t.Helper()
				require.ErrorContains(t, err, "other servers not reached")
				if name != "no error" {
					require.ErrorIs(t, err, errNoBroker)
				}
			}
			wants(r.Emit("x"))
			c.want(`42["x"]`)
			wants(r.SocketsJoin("room"))
			require.Contains(t, s.Rooms(), "room")
			wants(r.ServerEmit("x"))
			wants(r.Of("/").Sync(r.ctx))
			_, _, err := r.Nodes(r.ctx)
			wants(err)
			for _, err := range r.ServerRequest(r.ctx, "x") {
				wants(err)
			}
			var own int
			for f, err := range r.Fetch(r.ctx) {
				if err == nil {
					require.Equal(t, s.ID(), f.ID)
					own++
				} else {
					wants(err)
				}
			}
			require.Equal(t, 1, own)
			go func() {
				c.want(`420["q"]`)
				c.send(`430[]`)
			}()
			own = 0
			for reply, err := range r.Request(r.ctx, "q") {
				if reply.Socket != "" {
					require.NoError(t, err)
					own++
				} else {
					wants(err)
				}
			}
			require.Equal(t, 1, own)
		})
	}
}

// The constructor of an adapter may take its time, and use the server meanwhile.
func TestConstructorOfAnAdapterRunsUnderNoLock(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	var made atomic.Int32
	r := serve(t, &server.Options{Adapter: func(h adapter.Host) (adapter.Adapter, error) {
		if h.Namespace() == "/slow" {
			made.Add(1)
			close(begun)
			<-finish
		}
		return clustertest.New(1)[0](h)
	}})
	found := make(chan *server.Namespace, 2)
	for range 2 {
		go func() { found <- r.Of("/slow") }()
	}
	await(r, begun)
	c, _ := r.connect()
	require.NoError(t, r.Emit("x"))
	c.want(`42["x"]`)
	require.Len(t, r.Namespaces(), 1)
	c.send("40/slow,")
	c.want(`44/slow,{"message":"Invalid namespace"}`)
	close(finish)
	require.Same(t, await(r, found), await(r, found))
	require.EqualValues(t, 1, made.Load())
	c.join("/slow")
}

// closing is an adapter that tells when it is closed.
type closing struct {
	adapter.Adapter
	closed chan bool // whether the context was done
}

func (c closing) Close(ctx context.Context) error {
	c.closed <- ctx.Err() != nil
	return c.Adapter.Close(ctx)
}

func TestAdapterThatIsMadeWhileTheServerCloses(t *testing.T) {
	begun, finish, closed := make(chan struct{}), make(chan struct{}), make(chan bool, 10)
	r := serve(t, &server.Options{Adapter: func(h adapter.Host) (adapter.Adapter, error) {
		if h.Namespace() == "/slow" {
			close(begun)
			<-finish
		}
		a, err := clustertest.New(1)[0](h)
		return closing{a, closed}, err
	}})
	found := make(chan *server.Namespace)
	go func() { found <- r.Of("/slow") }()
	await(r, begun)
	require.NoError(t, r.Server.Close(), "it does not wait for the constructor")
	require.True(t, await(r, closed), "at once")
	close(finish)
	require.True(t, await(r, closed), "at once")
	n := await(r, found)
	require.Error(t, n.Emit("x"))
	require.Error(t, r.Of("/late").Emit("x"))
	require.Empty(t, closed)
}

// An adapter may take its time in Shutdown, until Close is called.
func TestCloseHurriesShutdown(t *testing.T) {
	begun := make(chan struct{})
	sio := server.New(&server.Options{Adapter: func(h adapter.Host) (adapter.Adapter, error) {
		a, err := clustertest.New(1)[0](h)
		return slowToClose{a, begun}, err
	}})
	done := make(chan error, 1)
	go func() { done <- sio.Shutdown(t.Context()) }()
	<-begun
	require.NoError(t, sio.Close(), "it asked for no time")
	require.ErrorIs(t, <-done, context.Canceled)
}

type slowToClose struct {
	adapter.Adapter
	begun chan struct{}
}

func (s slowToClose) Close(ctx context.Context) error {
	close(s.begun)
	<-ctx.Done()
	return errors.Join(context.Cause(ctx), s.Adapter.Close(ctx))
}
