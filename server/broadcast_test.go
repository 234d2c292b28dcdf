package server_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/transport"
)

func message(text string) transport.Message { return transport.Message{Data: []byte(text)} }

// party is clients that joined rooms, named by one letter each.
type party struct {
	*rig
	clients map[string]*raw
	sockets map[string]*server.Socket
}

func gather(t *testing.T, rooms map[string][]string) *party {
	p := &party{serve(t, nil), make(map[string]*raw), make(map[string]*server.Socket)}
	for name, joined := range rooms {
		p.clients[name], p.sockets[name] = p.connect()
		p.sockets[name].Join(joined...)
	}
	return p
}

// want wants that exactly the clients named got an event.
func (p *party) want(event string, names ...string) {
	p.Helper()
	for _, name := range names {
		p.clients[name].want(`42["` + event + `"]`)
	}
	for _, c := range p.clients {
		c.wantWorks()
	}
}

func TestBroadcastTargets(t *testing.T) {
	p := gather(t, map[string][]string{"a": {"x", "y"}, "b": {"x"}, "c": {"y"}, "d": nil})
	a, d := p.sockets["a"], p.sockets["d"]
	for i, test := range []struct {
		emit event.Emitter
		want []string
	}{
		{p.Server, []string{"a", "b", "c", "d"}},
		{p.To("x"), []string{"a", "b"}},
		{p.To("x", "y"), []string{"a", "b", "c"}},
		{p.To("x").To("y"), []string{"a", "b", "c"}},
		{p.To("x").Except("y"), []string{"b"}},
		{p.Except("x"), []string{"c", "d"}},
		{p.Except("x", "y"), []string{"d"}},
		{p.To("nobody"), nil},
		{p.To(), nil},
		{p.To().Except("x"), nil},
		{a.To(), nil},
		{p.To().To("x"), []string{"a", "b"}},
		{p.To("x").To(), []string{"a", "b"}},
		{p.To(d.ID()), []string{"d"}},
		{p.To(d.ID(), "x"), []string{"a", "b", "d"}},
		{p.Except(d.ID()), []string{"a", "b", "c"}},
		{a.To("x"), []string{"b"}},
		{a.Broadcast(), []string{"b", "c", "d"}},
		{a.Broadcast().Except("y"), []string{"b", "d"}},
		{a, []string{"a"}},
		{p.Local(), []string{"a", "b", "c", "d"}},
		{p.Volatile().To("x"), []string{"a", "b"}},
		{a.Volatile(), []string{"a"}},
	} {
		name := "e" + strconv.Itoa(i)
		require.NoError(t, test.emit.Emit(name))
		p.want(name, test.want...)
	}
}

func TestBroadcastIsImmutable(t *testing.T) {
	p := gather(t, map[string][]string{"a": {"x"}, "b": {"y"}, "c": {"z"}})
	base := p.To("x")
	first, second := base.To("y"), base.To("z")
	require.Len(t, base.Sockets(), 1)
	require.ElementsMatch(t, []*server.Socket{p.sockets["a"], p.sockets["b"]}, first.Sockets())
	require.ElementsMatch(t, []*server.Socket{p.sockets["a"], p.sockets["c"]}, second.Sockets())
}

func TestRoomsOfSelectedSockets(t *testing.T) {
	p := gather(t, map[string][]string{"a": {"x"}, "b": {"x"}, "c": nil})
	p.To("x").SocketsJoin("new")
	require.Len(t, p.To("new").Sockets(), 2)
	p.Except(p.sockets["a"].ID()).SocketsLeave("new")
	require.Equal(t, []*server.Socket{p.sockets["a"]}, p.To("new").Sockets())
	require.ElementsMatch(t, []string{p.sockets["a"].ID(), "x", "new"}, p.sockets["a"].Rooms())
	p.To("x").DisconnectSockets(true)
	for _, name := range []string{"a", "b"} {
		p.clients[name].want("41")
		p.clients[name].wantClosed()
	}
	p.clients["c"].wantWorks()
}

func TestBroadcastWithAttachments(t *testing.T) {
	p := gather(t, map[string][]string{"a": nil, "b": nil})
	require.NoError(t, p.Emit("x", []byte{1}, []byte{2}))
	for _, c := range p.clients {
		c.want(`452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, "\x01", "\x02")
	}
}

func TestBroadcastRequest(t *testing.T) {
	p := gather(t, map[string][]string{"a": {"x"}, "b": {"x"}, "c": {"x"}, "d": {"x"}, "e": nil})
	ctx, cancel := context.WithCancelCause(p.ctx)
	defer cancel(nil)
	over := errors.New("over")
	answered := make(map[string]string)
	failed := make(map[string]error)
	names := make(map[string]string)
	for name, s := range p.sockets {
		names[s.ID()] = name
	}
	go func() {
		for _, name := range []string{"a", "b", "c", "d"} {
			p.clients[name].want(`420["q",1]`)
		}
		p.clients["a"].send(`430["A"]`)
		p.clients["b"].send(`430[{"error":{"message":"no"}}]`)
		p.clients["c"].conn.Close(0, "")
	}()
	for reply, err := range p.To("x").Request(ctx, "q", 1) {
		if err != nil {
			failed[names[reply.Socket]] = err
		} else {
			var text string
			require.NoError(t, reply.Message.Decode(&text))
			answered[names[reply.Socket]] = text
		}
		if len(answered)+len(failed) == 3 {
			cancel(over)
		}
	}
	require.Equal(t, map[string]string{"a": "A"}, answered)
	require.Len(t, failed, 3)
	var refused *event.AckError
	require.ErrorAs(t, failed["b"], &refused)
	var gone *event.DisconnectError
	require.ErrorAs(t, failed["c"], &gone)
	require.ErrorIs(t, failed["d"], over)
	p.clients["d"].send(`430["late"]`)
	p.clients["d"].wantWorks()

	for range p.To("nobody").Request(p.ctx, "q") {
		require.Fail(t, "nobody answers")
	}
	go func() {
		p.clients["a"].want(`422["q"]`)
		p.clients["a"].send(`432[]`)
	}()
	for range p.To("x").Request(p.ctx, "q") {
		break // the others are forgotten
	}
}

// Emits of one goroutine reach every socket in order, while others emit, join and leave.
func TestBroadcastOrder(t *testing.T) {
	const emitters, events = 4, 200
	p := gather(t, map[string][]string{"a": {"x"}, "b": {"x"}})
	var wg sync.WaitGroup
	for e := range emitters {
		wg.Go(func() {
			for i := range events {
				if p.To("x").Emit("n", e, i) != nil {
					return
				}
				p.sockets["a"].Join("y" + strconv.Itoa(i))
				p.sockets["b"].Leave("y" + strconv.Itoa(i))
			}
		})
	}
	for _, c := range p.clients {
		next := make([]int, emitters)
		for range emitters * events {
			text := string(c.read().Data)
			e := int(text[len(`42["n",`)] - '0')
			require.Equal(t, `42["n",`+strconv.Itoa(e)+`,`+strconv.Itoa(next[e])+`]`, text)
			next[e]++
		}
	}
	wg.Wait()
}

func TestNamespacesAreSeparate(t *testing.T) {
	r := serve(t, nil)
	admin := r.Of("admin")
	require.Same(t, admin, r.Of("/admin"))
	c, _ := r.join("/")
	c.join("/admin")
	require.NoError(t, admin.Emit("a"))
	c.want(`42/admin,["a"]`)
	require.NoError(t, r.Emit("b"))
	c.want(`42["b"]`)
	require.NoError(t, admin.Emit("c", []byte{1}))
	c.want(`451-/admin,["c",{"_placeholder":true,"num":0}]`, "\x01")
}

// A broadcast may come at any time, but nothing comes before the answer to CONNECT.
func TestNothingBeforeTheAnswer(t *testing.T) {
	r := serve(t, nil)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				r.Volatile().Emit("noise")
			}
		}
	}()
	for range 50 {
		c := r.dial()
		c.send("40")
		require.Contains(t, string(c.read().Data), "40{")
		require.NoError(t, c.conn.Close(0, ""))
	}
	close(stop)
	await(r, stopped)
}

// Whoever has the answer to CONNECT gets every broadcast that begins from then on.
func TestBroadcastBehindTheAnswer(t *testing.T) {
	r := serve(t, &server.Options{SendBufferBytes: 1 << 30})
	var begun atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				_ = r.Emit("n", begun.Add(1))
			}
		}
	}()
	for range 300 {
		c := r.dial()
		c.send("40")
		c.read() // the answer
		next := begun.Load() + 1
		var n int64
		_, err := fmt.Sscanf(string(c.read().Data), `42["n",%d]`, &n)
		require.NoError(t, err)
		require.LessOrEqual(t, n, next)
		require.NoError(t, c.conn.Close(0, ""))
	}
	close(stop)
	<-stopped
}
