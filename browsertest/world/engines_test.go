package world

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	engineclient "github.com/isosocket/isosocket/transport/engineio/client"
	engineserver "github.com/isosocket/isosocket/transport/engineio/server"
	"github.com/isosocket/isosocket/transport/transporttest"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

// TestEngines plays both ends of an Engine.IO session against each other.
func TestEngines(t *testing.T) {
	f := play(t, 1000, func(t *testing.T, seed uint64, v *verdict, f *figures) {
		newEngines(tellEngines(seed), v).play(t, f)
	})
	f.demandAll(t)
}

// engineEnding is how a session ends.
type engineEnding int

const (
	allSent      engineEnding = iota // everything is sent first, and the client closes then
	clientCloses                     // while both ends send, as all that follows
	serverCloses
	serverShutsDown
	clientAborts
	serverAborts
)

func (e engineEnding) String() string {
	return [...]string{"all is sent", "client closes", "server closes", "server shuts down", "client aborts", "server aborts"}[e]
}

// dialing is what becomes of the WebSockets that the client opens.
type dialing int

const (
	dials     dialing = iota // they are opened
	isRefused                // they fail
	isIgnored                // they are not answered
)

func (d dialing) String() string { return [...]string{"opened", "refused", "ignored"}[d] }

// engineStory is what is to happen in a round.
type engineStory struct {
	seed       uint64
	transports []engineio.Transport
	dialing    dialing
	fault      fault
	ending     engineEnding
}

func tellEngines(seed uint64) engineStory {
	rng := rand.New(rand.NewPCG(seed, 0))
	s := engineStory{
		seed: seed,
		transports: [][]engineio.Transport{
			{engineio.Polling, engineio.WebSocket}, {engineio.Polling, engineio.WebSocket}, {engineio.Polling}, {engineio.WebSocket},
		}[rng.IntN(4)],
		fault:  fault(rng.IntN(4)),
		ending: engineEnding(rng.IntN(6)),
	}
	if len(s.transports) == 2 && rng.IntN(4) == 0 {
		s.dialing = dialing(1 + rng.IntN(2))
	}
	return s
}

func (s engineStory) String() string {
	return fmt.Sprintf("%v, WebSocket %v, %v, %v", s.transports, s.dialing, s.fault, s.ending)
}

// upgrades reports whether the session must end up on a WebSocket.
func (s engineStory) upgrades() bool {
	return len(s.transports) == 2 && s.dialing == dials && s.fault == noFault
}

// engines is a server with one session of one client.
type engines struct {
	engineStory
	verdict *verdict
	network *transporttest.Network
	rng     *rand.Rand
	server  *engineserver.Server
	client  *engineclient.Session
	up      assembly
	down    assembly
	moved   atomic.Bool // the client was told of the upgrade

	mu      sync.Mutex            // guards what follows
	session *engineserver.Session // of the server; nil before it was opened
	closed  int                   // how often the server was told that the session has ended
}

// assembly is a flow of groups of messages.
type assembly struct {
	flow
	parts int // of a group that has begun to arrive; the receiver's own
}

// groupSize is of how many messages the group n is made.
func groupSize(n int) int { return 1 + n%3/2 + n%7/6 }

// group returns the messages of the group n.
func group(n int) []transport.Message {
	messages := make([]transport.Message, groupSize(n))
	for i := range messages {
		messages[i] = transport.Message{
			Data:   fmt.Appendf(nil, "%d/%d %s", n, i, bytes.Repeat([]byte{'x'}, n*n%300)),
			Binary: i > 0 || n%5 == 4,
		}
	}
	return messages
}

// receive takes a message, which must be the next one of its group.
func (a *assembly) receive(m transport.Message) {
	var n, part int
	if _, err := fmt.Sscanf(string(m.Data), "%d/%d", &n, &part); err != nil {
		a.verdict.problem("%s: got %.40q", a.name, m.Data)
		return
	}
	if part != a.parts {
		a.verdict.problem("%s: part %d of %d in place of %d", a.name, part, n, a.parts)
	}
	if part < groupSize(n) {
		if want := group(n)[part]; m.Binary != want.Binary || !bytes.Equal(m.Data, want.Data) {
			a.verdict.problem("%s: part %d of %d is not what was sent", a.name, part, n)
		}
	}
	if a.parts = part + 1; a.parts == groupSize(n) {
		a.parts = 0
		a.flow.receive(n)
	}
}

func newEngines(s engineStory, v *verdict) *engines {
	e := &engines{engineStory: s, verdict: v, network: transporttest.NewNetwork(s.seed), rng: rand.New(rand.NewPCG(s.seed, 1))}
	e.network.Latency = latency
	e.up.flow = flow{name: "client to server", verdict: v}
	e.down.flow = flow{name: "server to client", verdict: v}
	return e
}

// engineUser is the server's user of a session.
type engineUser engines

func (u *engineUser) Receive(m transport.Message) { u.up.receive(m) }
func (u *engineUser) Expire()                     {}

func (u *engineUser) Closed(engineio.Reason, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed++; u.closed > 1 {
		u.verdict.problem("Closed was called twice")
	}
}

// serverClosed reports whether the server has no session, any more or at all.
func (e *engines) serverClosed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.session == nil || e.closed > 0
}

// play runs the story to its end. It must be called in a bubble.
func (e *engines) play(t *testing.T, f *figures) {
	e.server = engineserver.New(engineserver.Options{
		Open: func(s *engineserver.Session, _ *http.Request) engineserver.Receiver {
			e.mu.Lock()
			defer e.mu.Unlock()
			if e.session != nil {
				e.verdict.problem("a second session was opened")
			}
			e.session = s
			return (*engineUser)(e)
		},
		PingInterval: 2 * time.Second,
		PingTimeout:  2 * time.Second,
		CloseTimeout: 10 * time.Second, // twice that, if a client takes something before it is gone
		MaxPayload:   2000,             // so that much is split over several responses and requests
	})
	listener, err := e.network.Listen(serverAddress)
	require.NoError(t, err)
	httpServer := &http.Server{Handler: e.server}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = httpServer.Serve(listener)
	}()
	pool := &http.Transport{DialContext: e.network.Dial}

	var breaking sync.WaitGroup
	breaking.Go(e.breakThings)
	if e.client, err = e.open(t.Context(), pool); err == nil {
		e.converse(t)
	} else if e.fault == noFault {
		e.verdict.problem("open: %v", err)
	}
	breaking.Wait()
	time.Sleep(forgotten)
	if !e.serverClosed() || e.server.Sessions() > 0 {
		e.verdict.problem("the server has a session that no client has")
	}
	e.up.settle(0, "in front of what arrived")
	e.down.settle(0, "in front of what arrived")

	e.server.Close()
	require.NoError(t, httpServer.Close())
	<-served
	pool.CloseIdleConnections()
	time.Sleep(forgotten) // connections linger
	if n := e.network.Open(); n > 0 {
		e.verdict.problem("%d connections left open", n)
	}
	if len(e.verdict.problems) > 0 {
		e.verdict.problems[0] = e.engineStory.String() + ": " + e.verdict.problems[0]
	}
	f.count(e.verdict, e.network)
	f.events += e.up.sent() + e.down.sent()
	if e.moved.Load() {
		f.upgrades++
	}
}

const (
	length   = 250 * time.Millisecond // both ends send for so long
	moveTime = 8 * latency            // an upgrade is in progress before that, mostly
)

// moment returns a random time within length, half of the times within moveTime.
func moment(rng *rand.Rand) time.Duration {
	if rng.IntN(2) == 0 {
		return time.Duration(rng.Int64N(int64(moveTime)))
	}
	return time.Duration(rng.Int64N(int64(length)))
}

// breakThings has a fault happen, mostly while both ends send.
func (e *engines) breakThings() {
	rng := rand.New(rand.NewPCG(e.seed, 2))
	time.Sleep(moment(rng))
	switch e.fault {
	case cuts:
		e.network.Cut()
	case halfOpen:
		e.network.HalfOpen()
	case losses:
		e.network.Lose()
	}
}

// open opens the client's session.
func (e *engines) open(ctx context.Context, pool *http.Transport) (*engineclient.Session, error) {
	platform := transportnative.Platform(&transportnative.Config{HTTPClient: &http.Client{Transport: pool}})
	dialer := platform.Dialer
	switch e.dialing {
	case isRefused:
		dialer = transporttest.DialFunc(func(context.Context, string, int) (transport.Conn, error) {
			return nil, errors.New("refused")
		})
	case isIgnored:
		dialer = transporttest.DialFunc(func(ctx context.Context, _ string, _ int) (transport.Conn, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		})
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return engineclient.Open(ctx, engineclient.Options{
		URL:            "http://" + serverAddress + "/",
		Transports:     e.transports,
		Dialer:         dialer,
		RoundTripper:   platform.RoundTripper,
		UpgradeTimeout: 5 * time.Second,
		OnUpgraded:     func() { e.moved.Store(true) },
	})
}

// converse has both ends send until the end of the session, and checks what arrived.
func (e *engines) converse(t *testing.T) {
	served := make(chan struct{})
	go func() {
		defer close(served)
		e.client.Serve(e.down.receive)
	}()
	ended := func() bool {
		select {
		case <-served:
			return true
		default:
			return false
		}
	}
	var sending sync.WaitGroup
	e.send(&sending, 3, &e.up.flow, e.client.Send)
	e.send(&sending, 4, &e.down.flow, e.session.Send)

	// What is accepted from here on may get lost, unless nothing ends the session.
	owed := func() {}
	if e.ending != allSent {
		time.Sleep(moment(e.rng))
		owed = e.end(t)
	}
	sending.Wait()
	e.network.Spare()
	time.Sleep(forgotten)
	if e.fault == noFault {
		owed()
	}
	if e.ending != allSent && !ended() {
		e.verdict.problem("the client's session has not ended")
	}
	if ended() != e.serverClosed() {
		e.verdict.problem("only one end has ended the session: the client %v, the server %v", ended(), e.serverClosed())
	}
	if !ended() {
		e.up.settle(e.up.sent(), "and the session goes on")
		e.down.settle(e.down.sent(), "and the session goes on")
		if on := e.client.Transport(); e.upgrades() && (on != engineio.WebSocket || e.session.Transport() != on || !e.moved.Load()) {
			e.verdict.problem("not upgraded: the client is on %s, the server on %s", on, e.session.Transport())
		}
	} else if e.ending == allSent && e.fault == noFault {
		e.verdict.problem("the session has ended by itself")
	}
	e.client.Close()
	<-served
}

// gap bounds the time between two groups that an end sends.
const gap = 8 * time.Millisecond

// send sends groups until that fails or the time is over.
func (e *engines) send(sending *sync.WaitGroup, source uint64, f *flow, send func([]transport.Message, engineclient.Kind) error) {
	rng := rand.New(rand.NewPCG(e.seed, source))
	sending.Go(func() {
		for start := time.Now(); time.Since(start) < length; {
			if f.send(func(n int) error { return send(group(n), engineclient.Ordinary) }) != nil {
				return
			}
			time.Sleep(time.Duration(rng.Int64N(int64(gap))))
		}
	})
}

// end ends the session, and returns a function that demands what is owed to the peer.
func (e *engines) end(t *testing.T) (owed func()) {
	up, down := e.up.sent(), e.down.sent()
	settle := func(a *assembly, n int) func() {
		return func() { a.settle(n, e.ending.String()) }
	}
	switch e.ending {
	case clientCloses:
		e.client.Close()
		return settle(&e.up, up)
	case serverCloses:
		e.session.Close()
		return settle(&e.down, down)
	case serverShutsDown:
		if err := e.server.Shutdown(t.Context()); err != nil {
			e.verdict.problem("Shutdown: %v", err)
		}
		return settle(&e.down, down)
	case clientAborts:
		e.client.Abort(engineio.TransportError, nil)
	case serverAborts:
		e.session.Abort(engineio.TransportError, nil)
	}
	return func() {}
}
