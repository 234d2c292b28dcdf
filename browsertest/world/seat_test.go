package world

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
)

// seat is a socket of the server.
type seat struct {
	world     *world
	socket    *server.Socket
	events    flow // from Emit
	headlines flow // from broadcasts to readers, counted by its namespace's news
	asked     int  // by its one actor

	abandoned atomic.Bool // by the client, who does not get what was on the way
	left      atomic.Bool // its OnDisconnect was called
}

// serve makes the server's end of the conversations in a namespace.
func (w *world) serve(namespace *server.Namespace) *news {
	n := &news{world: w, namespace: namespace, readers: make(map[*seat]bool), numbers: make(map[*seat]map[int]int)}
	namespace.OnConnect(func(socket *server.Socket) {
		s := &seat{world: w, socket: socket}
		name := "server" + namespace.Name() + " " + socket.ID()
		s.events = flow{name: name + " events", verdict: w.verdict}
		s.headlines = flow{name: name + " news", verdict: w.verdict}
		w.mu.Lock()
		w.seats[socket.ID()] = s
		w.mu.Unlock()
		socket.On("event", s.receive)
		socket.On("ask", answer)
		socket.OnDisconnect(func(event.Reason) {
			n.remove(s)
			if s.left.Swap(true) {
				w.verdict.problem("%s: OnDisconnect called twice", name)
			}
		})
		_ = socket.Emit("hello", socket.ID()) // an error: it is disconnected already
		n.join(s)
		w.act(s.talk)
	})
	return n
}

// all returns all sockets that the server had.
func (w *world) all() []*seat {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.SortedFunc(maps.Values(w.seats), func(a, b *seat) int {
		return strings.Compare(a.events.name, b.events.name)
	})
}

// present returns the sockets that are connected.
func (w *world) present() []*seat {
	return slices.DeleteFunc(w.all(), func(s *seat) bool { return !s.socket.Connected() })
}

// seat returns the socket of that id, or nil.
func (w *world) seat(id string) *seat {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seats[id]
}

// receive handles an event of a client.
func (s *seat) receive(_ context.Context, m *event.Message) error {
	var name string
	var n int
	var attachment []byte
	if err := m.Decode(&name, &n, &attachment); err != nil {
		return err
	}
	if s.left.Load() {
		s.world.verdict.problem("%s: an event after OnDisconnect", s.events.name)
	}
	s.world.checkAttachment(name, n, attachment)
	for _, c := range s.world.clients {
		for _, side := range c.sides {
			if side.up.name == name {
				side.up.receive(n, s.socket.ID())
			}
		}
	}
	if s.world.slow {
		time.Sleep(time.Duration(n%4) * time.Millisecond)
	}
	return nil
}

// talk does one thing that a server does with a socket.
func (s *seat) talk(rng *rand.Rand) bool {
	if rng.IntN(10) == 0 {
		s.asked++
		err := s.world.ask(s.socket, s.asked)
		if err != nil && !expected(err) && (err != event.ErrBehind || !s.world.slow) && !s.world.ended.Load() {
			s.world.verdict.problem("%s: request: %v", s.events.name, err)
		}
		return err == nil || err == event.ErrBehind
	}
	if rng.IntN(20) == 0 {
		err := s.world.drain(s.socket, rng)
		if err != nil && !expected(err) && !s.world.ended.Load() {
			s.world.verdict.problem("%s: drain: %v", s.events.name, err)
		}
		return err == nil
	}
	for range s.world.burst(rng) {
		if !s.emit() {
			return false
		}
	}
	return true
}

func (s *seat) emit() bool {
	err := s.events.send(func(n int) error {
		return s.socket.Emit("event", s.socket.ID(), n, s.world.attachment(n))
	})
	if err != nil && !expected(err) {
		s.world.verdict.problem("%s: emit: %v", s.events.name, err)
	}
	return err == nil
}

// expected reports whether the error tells of a disconnection.
func expected(err error) bool {
	_, disconnected := errors.AsType[*event.DisconnectError](err)
	return disconnected
}

// drain calls Drain, which must return.
func (w *world) drain(s interface {
	Drain(ctx context.Context, most int) error
}, rng *rand.Rand) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return s.Drain(ctx, rng.IntN(2)*5000)
}

// ask sends a request and demands the number back that it carries.
func (w *world) ask(r event.Requester, n int) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	m, err := r.Request(ctx, "ask", n)
	if err != nil {
		return err
	}
	var got int
	if err := m.Decode(&got); err != nil {
		return err
	}
	if got != n {
		return fmt.Errorf("answer to %d in place of %d", got, n)
	}
	return nil
}

// answer answers a request with the number that it carries.
func answer(_ context.Context, m *event.Message) error {
	var n int
	if err := m.Decode(&n); err != nil {
		return err
	}
	return m.Ack(n)
}

// attachment returns the binary argument of an event, nil for most.
func (w *world) attachment(n int) []byte {
	size := 1 << (n % 17)
	switch {
	case n%8 != 5:
		return nil
	case w.bursts && n%64 == 5:
		size = 200_000
	}
	return bytes.Repeat([]byte{byte(n)}, size)
}

func (w *world) checkAttachment(name string, n int, got []byte) {
	if !bytes.Equal(got, w.attachment(n)) {
		w.verdict.problem("%s: the attachment of %d is not what was sent", name, n)
	}
}

// news are events for the readers of a namespace, who are a room.
type news struct {
	world     *world
	namespace *server.Namespace

	mu      sync.Mutex            // guards what follows
	n       int                   // events published
	readers map[*seat]bool        // who are in the room
	numbers map[*seat]map[int]int // of the news that are for a socket: its own count of them
}

const readers = "readers"

func (n *news) join(s *seat) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s.socket.Join(readers)
	n.readers[s] = true
}

func (n *news) remove(s *seat) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.readers, s)
}

// publish sends an event to the readers, or has one of them leave or come back.
func (n *news) publish(rng *rand.Rand) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if rng.IntN(8) == 0 {
		n.move()
		return true
	}
	if err := n.namespace.To(readers).Emit("news", n.n); err != nil {
		n.world.verdict.problem("news: %v", err)
		return false
	}
	for s := range n.readers {
		if n.numbers[s] == nil {
			n.numbers[s] = make(map[int]int)
		}
		_ = s.headlines.send(func(number int) error {
			n.numbers[s][n.n] = number
			return nil
		})
	}
	n.n++
	return true
}

// move makes one of the sockets leave the room, or come back. The caller holds mu.
func (n *news) move() {
	for _, s := range n.world.present() {
		switch {
		case s.socket.Namespace() != n.namespace:
		case n.readers[s]:
			s.socket.Leave(readers)
			delete(n.readers, s)
			return
		case !s.left.Load():
			s.socket.Join(readers)
			n.readers[s] = true
		}
	}
}

// receive is called with what has arrived at the client of a socket.
func (n *news) receive(s *seat, published int) {
	n.mu.Lock()
	number, meant := n.numbers[s][published]
	n.mu.Unlock()
	if !meant {
		n.world.verdict.problem("%s: %d was not meant for it", s.headlines.name, published)
		return
	}
	s.headlines.receive(number)
}
