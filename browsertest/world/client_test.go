package world

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/socketio"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

// client is a Manager with a socket in every namespace.
type client struct {
	manager *socketio.Manager
	pool    *http.Transport
	sides   []*side
	closed  atomic.Bool // Shutdown has returned
}

// side is a socket of a client.
type side struct {
	world  *world
	client *client
	news   *news
	socket *socketio.Socket
	up     upward
	asked  int  // by its one actor
	begun  bool // its actor has connected it

	mu        sync.Mutex // guards what follows
	connected bool       // between OnConnect and OnDisconnect
	at        *seat      // the socket at the other end; nil until it has said hello
}

// newClient returns a client whose sockets connect and talk.
func (w *world) newClient(t *testing.T, number int) *client {
	c := &client{pool: &http.Transport{DialContext: w.network.Dial}}
	platform := transportnative.Platform(&transportnative.Config{HTTPClient: &http.Client{Transport: c.pool}})
	if w.flaw != nil {
		platform = w.flaw(platform)
	}
	var err error
	c.manager, err = socketio.NewManager("http://"+serverAddress, &socketio.Options{
		Transports:           w.transports,
		Timeout:              5 * time.Second,
		ReconnectionDelay:    50 * time.Millisecond,
		ReconnectionDelayMax: time.Second,
		Platform:             platform,
		OnError:              func(error) {}, // attempts to connect fail
	})
	require.NoError(t, err)
	c.manager.AddTrace(&socketio.Trace{SessionUpgraded: func(socketio.Session) { w.upgrades.Add(1) }})
	for i, name := range namespaces {
		s := &side{world: w, client: c, news: w.news[i]}
		s.up.name, s.up.verdict = fmt.Sprintf("client %d%s", number, name), w.verdict
		s.socket, err = c.manager.Socket(name, nil)
		require.NoError(t, err)
		s.socket.OnConnect(s.onConnect)
		s.socket.OnDisconnect(s.onDisconnect)
		s.socket.On("hello", s.receiveHello)
		s.socket.On("event", s.receiveEvent)
		s.socket.On("news", s.receiveNews)
		s.socket.On("ask", answer)
		c.sides = append(c.sides, s)
	}
	return c
}

func (c *client) close() {
	_ = c.manager.Shutdown(context.Background()) // which is never done
	c.closed.Store(true)
	for _, s := range c.sides {
		s.mu.Lock()
		if s.connected {
			s.world.verdict.problem("%s: Shutdown has returned, and OnDisconnect was not called", s.up.name)
		}
		s.mu.Unlock()
	}
	c.pool.CloseIdleConnections()
}

func (s *side) onConnect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.connected {
		s.world.verdict.problem("%s: OnConnect called twice", s.up.name)
	}
	s.notice("OnConnect")
	s.connected = true
}

func (s *side) onDisconnect(reason socketio.Reason, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.connected {
		s.world.verdict.problem("%s: OnDisconnect without OnConnect", s.up.name)
	}
	s.notice("OnDisconnect")
	s.connected, s.at = false, nil
	if reason != socketio.ClientDisconnect && s.world.fault == noFault && !s.world.ended.Load() {
		s.world.verdict.problem("%s: disconnected without a fault: %s: %v", s.up.name, reason, err)
	}
	if reason != socketio.ClientDisconnect || s.world.fault != noFault {
		s.up.disconnected()
	}
}

// notice demands that Close has not returned.
func (s *side) notice(name string) {
	if s.client.closed.Load() {
		s.world.verdict.problem("%s: %s called after Shutdown has returned", s.up.name, name)
	}
}

// from returns the socket that an event came from, given its id, or nil if the event
// must not be here.
func (s *side) from(id string) *seat {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notice("a handler")
	switch {
	case !s.connected:
		s.world.verdict.problem("%s: an event while it is not connected", s.up.name)
	case s.at == nil:
		s.world.verdict.problem("%s: an event before the first one", s.up.name)
	case s.at.socket.ID() != id:
		s.world.verdict.problem("%s: an event that was sent to another socket", s.up.name)
	default:
		return s.at
	}
	return nil
}

// receiveHello handles the first event of a connection.
func (s *side) receiveHello(_ context.Context, m *socketio.Message) error {
	var id string
	if err := m.Decode(&id); err != nil {
		return err
	}
	s.mu.Lock()
	if s.at == nil {
		s.at = s.world.seat(id)
	}
	s.mu.Unlock()
	s.from(id)
	return nil
}

func (s *side) receiveEvent(_ context.Context, m *socketio.Message) error {
	var id string
	var n int
	var attachment []byte
	if err := m.Decode(&id, &n, &attachment); err != nil {
		return err
	}
	if at := s.from(id); at != nil {
		s.world.checkAttachment(at.events.name, n, attachment)
		at.events.receive(n)
	}
	return nil
}

func (s *side) receiveNews(_ context.Context, m *socketio.Message) error {
	var published int
	if err := m.Decode(&published); err != nil {
		return err
	}
	s.mu.Lock()
	at := s.at
	s.mu.Unlock()
	if at == nil {
		s.world.verdict.problem("%s: news before the first event", s.up.name)
		return nil
	}
	s.news.receive(at, published)
	return nil
}

// talk does one thing that a client does with its socket.
func (s *side) talk(rng *rand.Rand) bool {
	switch choice := rng.IntN(20); {
	case choice == 0 && s.begun, !s.begun && rng.IntN(2) == 0:
		return s.rejoin(rng)
	case choice <= 2 && s.begun:
		s.asked++
		if err := s.world.ask(s.socket, s.asked); err != nil && !expected(err) && !s.world.ended.Load() {
			s.world.verdict.problem("%s: request: %v", s.up.name, err)
		}
	case choice == 3 && s.begun:
		return s.drain(rng)
	default:
		for range s.world.burst(rng) {
			if !s.emit() {
				return false
			}
		}
	}
	return true
}

func (s *side) emit() bool {
	err := s.up.send(func(n int) error { return s.socket.Emit("event", s.up.name, n, s.world.attachment(n)) })
	if err != nil && err != socketio.ErrClosed {
		s.world.verdict.problem("%s: emit: %v", s.up.name, err)
	}
	return err == nil
}

// drain waits until what was emitted has left, or most of it.
func (s *side) drain(rng *rand.Rand) bool {
	err := s.world.drain(s.socket, rng)
	if err != nil && err != socketio.ErrClosed && !s.world.ended.Load() {
		s.world.verdict.problem("%s: drain: %v", s.up.name, err)
	}
	return err == nil
}

// rejoin leaves the namespace and connects to it, now and then more than once without a
// pause. The first time there is nothing to leave.
func (s *side) rejoin(rng *rand.Rand) bool {
	for {
		if s.begun {
			for range s.world.burst(rng) {
				s.emit() // and leaves at once
			}
			s.leave()
		}
		if rng.IntN(2) == 0 {
			time.Sleep(time.Duration(rng.Int64N(int64(5 * latency))))
		}
		s.begun = true
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		err := s.socket.Connect(ctx)
		cancel()
		if err != nil {
			if !s.world.ended.Load() {
				s.world.verdict.problem("%s: connect: %v", s.up.name, err)
			}
			return false
		}
		if rng.IntN(2) == 0 {
			return true
		}
	}
}

// leave leaves the namespace. What is on the way to the client then need not arrive.
func (s *side) leave() {
	if at := s.world.seat(s.socket.ID()); at != nil {
		at.abandoned.Store(true)
	}
	s.socket.Disconnect()
}
