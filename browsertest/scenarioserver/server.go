// Package scenarioserver is the scenario's server in Go; node/server.mjs is the
// same with the official implementation.
package scenarioserver

import (
	"context"
	"fmt"
	"sync"

	"github.com/isosocket/isosocket/browsertest/scenario"
	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
)

// New returns a server with the scenario's handlers.
func New(options *server.Options) *server.Server {
	io := server.New(options)
	var d departures
	io.OnConnect(d.serve)
	io.Of("/second").OnConnect(d.serve)
	guarded := io.Of("/guarded")
	guarded.Use(func(_ context.Context, s *server.Socket) error {
		var c scenario.Credentials
		if err := s.Handshake().DecodeAuth(&c); err != nil {
			return err
		}
		if c.Token == "secret" {
			return nil
		}
		return &server.ConnectError{Message: "not authorized", Data: scenario.Hint{Code: 401, Hint: "ask for a token"}}
	})
	guarded.OnConnect(d.serve)
	io.Of("/stress").OnConnect(exchange)
	return io
}

// serve is what a socket of the scenario is answered.
func (d *departures) serve(s *server.Socket) {
	bring := func(back func(args ...any) error) event.Handler {
		return func(_ context.Context, m *event.Message) error {
			args := make([]any, m.Len())
			targets := make([]any, m.Len())
			for i := range args {
				targets[i] = &args[i]
			}
			if err := m.Decode(targets...); err != nil {
				return err
			}
			return back(args...)
		}
	}
	s.On("echo", bring(func(args ...any) error { return s.Emit("echo", args...) }))
	s.On(scenario.Tick.Name(), bring(func(args ...any) error { return s.Emit(scenario.Tick.Name(), args...) }))
	rows := func(data func(i int) []byte) func(context.Context, int) error {
		return func(_ context.Context, count int) error {
			for i := range count {
				if err := scenario.Row.Emit(s, scenario.Line{Number: i, Data: data(i)}); err != nil {
					return err
				}
			}
			return nil
		}
	}
	scenario.History.On(s, rows(func(int) []byte { return nil }))
	scenario.Album.On(s, rows(func(i int) []byte { return scenario.Pattern(300_000 + i) }))
	scenario.Count.On(s, func(_ context.Context, i int) error {
		d.count(s.ID(), i)
		return nil
	})
	scenario.Counted.Handle(s, func(_ context.Context, id string) (int, error) { return d.counted(id), nil })
	s.On("ack", func(ctx context.Context, m *event.Message) error { return bring(m.Ack)(ctx, m) })

	scenario.Ask.Handle(s, func(ctx context.Context, question string) (scenario.Answer, error) {
		return scenario.Question.Request(ctx, s, question)
	})
	scenario.Where.Handle(s, func(context.Context, struct{}) (scenario.Place, error) {
		return scenario.Place{Namespace: s.Namespace().Name(), ID: s.ID()}, nil
	})
	scenario.Enter.Handle(s, func(_ context.Context, room string) (struct{}, error) {
		s.Join(room)
		return struct{}{}, nil
	})
	scenario.Left.Handle(s, d.reason)
	scenario.Shout.On(s, func(_ context.Context, said scenario.Saying) error {
		return scenario.Shouted.Emit(s.Namespace().To(said.Room), said.Text)
	})
	scenario.Tell.On(s, func(_ context.Context, said scenario.Saying) error {
		return scenario.Told.Emit(s.To(said.Room), said.Text)
	})
	scenario.Goodbye.On(s, func(context.Context, struct{}) error {
		s.Disconnect(false)
		return nil
	})
	s.OnDisconnect(func(reason event.Reason) { d.note(s.ID(), reason) })
}

// exchange is the server's side of scenario.Stress.
func exchange(s *server.Socket) {
	var (
		sent, got int
		disorder  string
	)
	send := func() error {
		sent++
		return scenario.Tick.Emit(s, scenario.NewBeat(sent-1))
	}
	scenario.Tick.On(s, func(_ context.Context, b scenario.Beat) error {
		if disorder == "" {
			disorder = b.Check(got)
		}
		got++
		return send()
	})
	scenario.Stop.On(s, func(_ context.Context, count int) error {
		if count != got && disorder == "" {
			disorder = fmt.Sprintf("got %d of %d", got, count)
		}
		return scenario.Stopped.Emit(s, scenario.Tally{Sent: sent, Disorder: disorder})
	})
	for range 20 {
		send()
	}
}

// departures are the sockets that are gone, with the reason, and what was counted of
// each. The zero value is ready.
type departures struct {
	mu      sync.Mutex
	reasons map[string]event.Reason  // guarded by mu
	counts  map[string]int           // of events in order, by socket; guarded by mu
	waiting map[string]chan struct{} // closed when the reason is there; guarded by mu
}

// count counts an event of a socket that is the next one.
func (d *departures) count(id string, number int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.counts == nil {
		d.counts = make(map[string]int)
	}
	if d.counts[id] == number {
		d.counts[id]++
	}
}

func (d *departures) counted(id string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.counts[id]
}

func (d *departures) note(id string, reason event.Reason) {
	ch := d.departed(id)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reasons[id] = reason
	close(ch)
}

// reason waits for a socket to be gone.
func (d *departures) reason(ctx context.Context, id string) (string, error) {
	select {
	case <-d.departed(id):
		d.mu.Lock()
		defer d.mu.Unlock()
		return string(d.reasons[id]), nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func (d *departures) departed(id string) chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting == nil {
		d.reasons = make(map[string]event.Reason)
		d.waiting = make(map[string]chan struct{})
	}
	if d.waiting[id] == nil {
		d.waiting[id] = make(chan struct{})
	}
	return d.waiting[id]
}
