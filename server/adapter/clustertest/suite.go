package clustertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server/adapter"
)

// Run checks an adapter on fake time. cluster returns the adapters of n servers that
// know of no others, each time new ones.
func Run(t *testing.T, cluster func(n int) []adapter.New) {
	for _, test := range []struct {
		name string
		test func(c *check)
	}{
		{"broadcast", testBroadcast},
		{"change", testChange},
		{"ask", testAsk},
		{"ask in vain", testAskInVain},
		{"stop asking", testStopAsking},
		{"sockets", testSockets},
		{"server events", testServerEvents},
		{"order", testOrder},
		{"concurrent emitters", testConcurrentEmitters},
		{"namespaces", testNamespaces},
		{"nodes", testNodes},
		{"sync", testSync},
		{"close", testClose},
		{"close while asking", testCloseWhileAsking},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nodes := cluster(3)
				c := &check{
					T:     t,
					nodes: nodes,
					a:     node(t, "/", nodes[0], map[string][]string{"a": {"x"}}),
					b:     node(t, "/", nodes[1], map[string][]string{"b1": {"x"}, "b2": {"x", "y"}, "b3": nil}),
					c:     node(t, "/", nodes[2], map[string][]string{"c1": {"y"}}),
				}
				defer c.close()
				test.test(c)
			})
		})
	}
}

// check is three servers with the namespace "/".
type check struct {
	*testing.T
	nodes   []adapter.New
	a, b, c *host
}

// close closes what the test has left open.
func (c *check) close() {
	for _, h := range []*host{c.a, c.b, c.c} {
		if h.adapter != nil {
			require.NoError(c, h.adapter.Close(context.Background()))
		}
	}
}

// wants wants that these things have been done to a server since the last time.
func (c *check) wants(h *host, want ...string) {
	c.Helper()
	for _, other := range []*host{c.a, c.b, c.c} {
		if other.adapter != nil {
			require.NoError(c, other.adapter.Sync(c.Context()))
		}
	}
	synctest.Wait()
	require.Equal(c, want, h.read())
}

func event(text string, attachments ...[]byte) *adapter.Packet {
	return &adapter.Packet{Data: json.RawMessage(text), Attachments: attachments}
}

func in(rooms ...string) adapter.Target { return adapter.Target{Rooms: rooms} }

func testBroadcast(c *check) {
	require.NoError(c, c.a.adapter.Broadcast(event(`["all"]`), adapter.Target{}))
	c.wants(c.a) // its server has delivered
	c.wants(c.b, `["all"] [] to b1,b2,b3`)
	c.wants(c.c, `["all"] [] to c1`)

	const placeholder = `{"_placeholder":true,"num":0}`
	p := event(`["ünïcode \"\\ 
",`+placeholder+`]`, []byte{0, 255})
	p.Volatile = true
	require.NoError(c, c.b.adapter.Broadcast(p, adapter.Target{Rooms: []string{"x", "y"}, Except: []string{"a"}}))
	c.wants(c.a, string(p.Data)+` ["\x00\xff"] to  volatile`)
	c.wants(c.b)
	c.wants(c.c, string(p.Data)+` ["\x00\xff"] to c1 volatile`)

	require.NoError(c, c.c.adapter.Broadcast(event(`["one"]`), in("b2")))
	c.wants(c.b, `["one"] [] to b2`)
}

func testChange(c *check) {
	require.NoError(c, c.a.adapter.Change(adapter.Change{Op: adapter.Join, Rooms: []string{"new", "z"}}, in("x")))
	c.wants(c.a)
	c.wants(c.b, "change 1 [new z] false of b1,b2")
	c.wants(c.c, "change 1 [new z] false of ")
	require.NoError(c, c.a.adapter.Change(adapter.Change{Op: adapter.Leave, Rooms: []string{"new"}}, adapter.Target{Rooms: []string{"new"}, Except: []string{"y"}}))
	c.wants(c.b, "change 2 [new] false of b1")
	require.NoError(c, c.a.adapter.Change(adapter.Change{Op: adapter.Disconnect, Close: true}, in("new")))
	c.wants(c.b, "change 3 [] true of b2")
	require.NoError(c, c.a.adapter.Broadcast(event(`["z"]`), in("z")))
	c.wants(c.b, `["z"] [] to b1`)
}

// answers is what a request yields.
type answers struct {
	c     *check
	ahead chan adapter.Answer
	stop  func() // ends the iteration with the next answer
}

// pull begins a request, and returns when the servers have been asked.
func (c *check) pull(seq iter.Seq[adapter.Answer]) *answers {
	ctx, stop := context.WithCancel(c.Context())
	a := &answers{c, make(chan adapter.Answer, 100), stop}
	go func() { // ends with the request; the bubble waits for it
		defer close(a.ahead)
		for answer := range seq {
			a.ahead <- answer
			if ctx.Err() != nil {
				return
			}
		}
	}()
	synctest.Wait()
	return a
}

func (a *answers) next() (answer adapter.Answer, more bool) {
	answer, more = <-a.ahead
	return answer, more
}

// want wants an answer with that data.
func (a *answers) want(socket string, data string, attachments ...[]byte) {
	a.c.Helper()
	got, more := a.next()
	require.True(a.c, more)
	require.NoError(a.c, got.Err)
	require.NotEmpty(a.c, got.Node)
	require.Equal(a.c, socket, got.Socket)
	require.Equal(a.c, data, string(got.Data))
	require.Equal(a.c, attachments, got.Attachments)
}

// wantErrors wants one error for each of these sockets, which may be the empty name of
// a server that is silent.
func (a *answers) wantErrors(cause error, sockets ...string) {
	a.c.Helper()
	var failed []string
	for range sockets {
		got, more := a.next()
		require.True(a.c, more)
		require.ErrorIs(a.c, got.Err, cause)
		require.Nil(a.c, got.Data)
		failed = append(failed, got.Socket)
		if got.Socket == "" {
			var silent *adapter.SilentError
			require.ErrorAs(a.c, got.Err, &silent)
		}
	}
	require.ElementsMatch(a.c, sockets, failed)
}

func (a *answers) wantEnd() {
	a.c.Helper()
	got, more := a.next()
	require.False(a.c, more, "%+v", got)
}

func testAsk(c *check) {
	asked := c.pull(c.a.adapter.Ask(c.Context(), event(`["sure?",1]`), in("x", "y")))
	c.wants(c.a)
	c.wants(c.b, `ask ["sure?",1] of b1,b2`)
	c.wants(c.c, `ask ["sure?",1] of c1`)
	c.c.answer("c1", adapter.Answer{Data: json.RawMessage(`["yes",{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{1}}})
	asked.want("c1", `["yes",{"_placeholder":true,"num":0}]`, []byte{1})
	c.b.answer("b2", adapter.Answer{Data: json.RawMessage(`[]`)})
	asked.want("b2", `[]`)
	c.b.answer("b1", adapter.Answer{Err: errors.New("it has left")})
	got, more := asked.next()
	require.True(c, more)
	require.Equal(c, "b1", got.Socket)
	require.ErrorContains(c, got.Err, "it has left")
	asked.wantEnd()

	none := c.pull(c.a.adapter.Ask(c.Context(), event(`["q"]`), in("nobody")))
	none.wantEnd()
}

// A socket and a whole server do not answer.
func testAskInVain(c *check) {
	thaw := c.c.freeze()
	defer thaw()
	ctx, cancel := context.WithCancelCause(c.Context())
	asked := c.pull(c.a.adapter.Ask(ctx, event(`["q"]`), in("x", "y")))
	c.b.answer("b2", adapter.Answer{Data: json.RawMessage(`[2]`)})
	asked.want("b2", "[2]")
	time.Sleep(time.Hour)
	cancel(errImpatient)
	asked.wantErrors(errImpatient, "b1", "")
	asked.wantEnd()
	c.b.answer("b1", adapter.Answer{Data: json.RawMessage(`["late"]`)})
}

func testStopAsking(c *check) {
	asked := c.pull(c.a.adapter.Ask(c.Context(), event(`["q"]`), in("x")))
	c.wants(c.b, `ask ["q"] of b1,b2`)
	asked.stop()
	c.b.answer("b1", adapter.Answer{Data: json.RawMessage(`[1]`)})
	asked.want("b1", "[1]")
	asked.wantEnd()
	c.wants(c.b, "cancel")
}

func testSockets(c *check) {
	ids := func(seq iter.Seq2[adapter.Details, error]) (found, failed []string) {
		for d, err := range seq {
			if err != nil {
				var silent *adapter.SilentError
				require.ErrorAs(c, err, &silent)
				require.ErrorIs(c, err, context.DeadlineExceeded)
				failed = append(failed, silent.Node)
				continue
			}
			require.Contains(c, d.Rooms, d.ID)
			require.JSONEq(c, `{"name":"`+d.ID+`"}`, string(d.Data))
			require.JSONEq(c, `{"address":"of `+d.ID+`"}`, string(d.Handshake))
			found = append(found, d.ID)
		}
		return found, failed
	}
	found, failed := ids(c.a.adapter.Sockets(c.Context(), in("y")))
	require.ElementsMatch(c, []string{"b2", "c1"}, found)
	require.Empty(c, failed)
	found, _ = ids(c.a.adapter.Sockets(c.Context(), adapter.Target{Except: []string{"x"}}))
	require.ElementsMatch(c, []string{"b3", "c1"}, found)

	thaw := c.c.freeze()
	defer thaw()
	ctx, cancel := context.WithTimeout(c.Context(), time.Hour)
	defer cancel()
	found, failed = ids(c.a.adapter.Sockets(ctx, adapter.Target{}))
	require.ElementsMatch(c, []string{"b1", "b2", "b3"}, found, "what is there is not thrown away")
	require.Len(c, failed, 1)
}

func testServerEvents(c *check) {
	require.NoError(c, c.a.adapter.ServerEmit(event(`["tick",{"_placeholder":true,"num":0}]`, []byte{7})))
	c.wants(c.a)
	for _, h := range []*host{c.b, c.c} {
		c.wants(h, `serve ["tick",{"_placeholder":true,"num":0}] ["\a"], reply wanted: false`)
		h.replies = nil
	}

	ctx, cancel := context.WithCancelCause(c.Context())
	defer cancel(nil)
	asked := c.pull(c.a.adapter.ServerRequest(ctx, event(`["load?"]`)))
	c.wants(c.b, `serve ["load?"] [], reply wanted: true`)
	c.wants(c.c, `serve ["load?"] [], reply wanted: true`)
	c.b.reply(`[0.5]`)
	asked.want("", "[0.5]")
	c.c.reply(`[{"_placeholder":true,"num":0}]`, []byte{1})
	asked.want("", `[{"_placeholder":true,"num":0}]`, []byte{1})
	asked.wantEnd()

	asked = c.pull(c.a.adapter.ServerRequest(ctx, event(`["load?"]`)))
	c.b.reply(`[1]`)
	asked.want("", "[1]")
	cancel(errImpatient)
	asked.wantErrors(errImpatient, "")
	asked.wantEnd()
}

// What one server does in order is done everywhere in that order.
func testOrder(c *check) {
	var want []string
	for i := range 300 {
		data := fmt.Sprintf("[%d]", i)
		switch i % 5 {
		case 0:
			require.NoError(c, c.a.adapter.Broadcast(event(data), adapter.Target{}))
			want = append(want, data+" [] to c1")
		case 1:
			require.NoError(c, c.a.adapter.Broadcast(event(data), in("y")))
			want = append(want, data+" [] to c1")
		case 2:
			require.NoError(c, c.a.adapter.Change(adapter.Change{Op: adapter.Join, Rooms: []string{data}}, in("y")))
			want = append(want, "change 1 ["+data+"] false of c1")
		case 3:
			require.NoError(c, c.a.adapter.ServerEmit(event(data)))
			want = append(want, "serve "+data+" [], reply wanted: false")
		case 4:
			for range c.a.adapter.Ask(c.Context(), event(data), in("nobody")) {
				require.Fail(c, "there is no such room")
			}
			want = append(want, "ask "+data+" of ", "cancel")
		}
	}
	c.wants(c.c, want...)
}

func testConcurrentEmitters(c *check) {
	const events = 100
	done := make(chan struct{})
	for _, h := range []*host{c.a, c.b} {
		go func() {
			defer func() { done <- struct{}{} }()
			for i := range events {
				_ = h.adapter.Broadcast(event(fmt.Sprintf(`[%d]`, i)), adapter.Target{})
			}
		}()
	}
	<-done
	<-done
	require.NoError(c, c.a.adapter.Sync(c.Context()))
	require.NoError(c, c.b.adapter.Sync(c.Context()))
	synctest.Wait()
	seen := make(map[string]int)
	for _, line := range c.c.read() {
		data, _, _ := strings.Cut(line, " ")
		seen[data]++
	}
	require.Len(c, seen, events)
	for i := range events {
		require.Equal(c, 2, seen[fmt.Sprintf("[%d]", i)])
	}
}

func testNamespaces(c *check) {
	other := node(c.T, "/other", c.nodes[0], map[string][]string{"o1": nil})
	same := node(c.T, "/other", c.nodes[1], map[string][]string{"o2": nil})
	require.NoError(c, other.adapter.Broadcast(event(`["x"]`), adapter.Target{}))
	require.NoError(c, c.a.adapter.Broadcast(event(`["y"]`), adapter.Target{}))
	c.wants(c.b, `["y"] [] to b1,b2,b3`)
	require.NoError(c, other.adapter.Sync(c.Context()))
	c.wants(same, `["x"] [] to o2`)
	c.wants(other)
	_, count, err := other.adapter.Nodes(c.Context())
	require.NoError(c, err)
	require.Equal(c, 2, count)
	for d, err := range other.adapter.Sockets(c.Context(), adapter.Target{}) {
		require.NoError(c, err)
		require.Equal(c, "o2", d.ID)
	}
	require.NoError(c, same.adapter.Close(c.Context()))
	require.NoError(c, other.adapter.Broadcast(event(`["z"]`), adapter.Target{}))
	c.wants(same)
	require.NoError(c, other.adapter.Close(c.Context()))
}

func testNodes(c *check) {
	known, count, err := c.a.adapter.Nodes(c.Context())
	require.NoError(c, err)
	require.Equal(c, 3, count)
	require.Len(c, known, 2)
	require.NoError(c, c.c.adapter.Close(c.Context()))
	c.c.adapter = nil
	synctest.Wait()
	known, count, err = c.a.adapter.Nodes(c.Context())
	require.NoError(c, err)
	require.Equal(c, 2, count)
	require.Len(c, known, 1)
}

func testSync(c *check) {
	thaw := c.b.freeze()
	require.NoError(c, c.a.adapter.Broadcast(event(`["x"]`), adapter.Target{}))
	synctest.Wait()
	go func() {
		time.Sleep(time.Hour)
		thaw()
	}()
	require.NoError(c, c.a.adapter.Sync(c.Context()))
	synctest.Wait()
	c.wants(c.c, `["x"] [] to c1`)
	time.Sleep(time.Hour)
	c.wants(c.b, `["x"] [] to b1,b2,b3`)
}

func testClose(c *check) {
	require.NoError(c, c.a.adapter.Broadcast(event(`["last"]`), adapter.Target{}))
	require.NoError(c, c.a.adapter.Close(c.Context()))
	closed := c.a.adapter
	c.a.adapter = nil
	c.wants(c.b, `["last"] [] to b1,b2,b3`)

	require.ErrorIs(c, closed.Broadcast(event(`["x"]`), adapter.Target{}), adapter.ErrClosed)
	require.ErrorIs(c, closed.Change(adapter.Change{Op: adapter.Leave}, adapter.Target{}), adapter.ErrClosed)
	require.ErrorIs(c, closed.ServerEmit(event(`["x"]`)), adapter.ErrClosed)
	require.NoError(c, c.b.adapter.Broadcast(event(`["without a"]`), adapter.Target{}))
	c.wants(c.c, `["last"] [] to c1`, `["without a"] [] to c1`)
	c.wants(c.a)

	thaw := c.b.freeze()
	require.NoError(c, c.c.adapter.Broadcast(event(`["x"]`), adapter.Target{}))
	require.Error(c, c.c.adapter.Close(now), "it does not wait for a server that is frozen")
	c.c.adapter = nil
	thaw()
}

// Both who asks and who is asked may go.
func testCloseWhileAsking(c *check) {
	asked := c.pull(c.a.adapter.Ask(c.Context(), event(`["q"]`), in("x", "y")))
	c.wants(c.b, `ask ["q"] of b1,b2`)
	require.NoError(c, c.c.adapter.Close(c.Context()))
	c.c.adapter = nil
	asked.wantErrors(adapter.ErrClosed, "c1")
	require.NoError(c, c.a.adapter.Close(c.Context()))
	c.a.adapter = nil
	asked.wantErrors(adapter.ErrClosed, "b1", "b2")
	asked.wantEnd()
}
