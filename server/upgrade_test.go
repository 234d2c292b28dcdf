package server_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/transport"
)

// Events go both ways at the moment of connection and of the upgrade. None is
// lost, none comes twice, and none overtakes another.
func TestThousandUpgrades(t *testing.T) {
	const upgrades, workers, events = 1000, 16, 40
	r := serve(t, nil)
	var emitters sync.WaitGroup
	defer emitters.Wait()
	r.OnConnect(func(s *server.Socket) {
		next := 0
		s.On("c", func(_ context.Context, m *event.Message) error {
			var n int
			if err := m.Decode(&n); err != nil {
				return err
			}
			if assert.Equal(t, next, n, "from the client") {
				next++
			}
			return nil
		})
		s.On("count", func(_ context.Context, m *event.Message) error { return m.Ack(next) })
		emitters.Go(func() {
			for i := range events {
				if !assert.NoError(t, s.Emit("s", i)) {
					return
				}
				runtime.Gosched()
			}
		})
	})
	turns := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for turn := range turns {
				if err := (&mover{rig: r, events: events, wait: turn % 7}).run(); !assert.NoError(t, err, "turn %d", turn) {
					return
				}
			}
		})
	}
	for turn := range upgrades {
		select {
		case turns <- turn:
		case <-r.ctx.Done():
			require.FailNow(t, "stuck")
		}
	}
	close(turns)
	wg.Wait()
}

// mover is a client that moves from polling to a WebSocket while it sends and receives.
type mover struct {
	*rig
	events int
	wait   int // how many events it sends before it upgrades

	query string
	sent  int
	got   int
}

func (m *mover) run() error {
	m.query = m.poll()
	if err := m.post("40", m.next(), m.next()); err != nil {
		return err
	}
	probed := make(chan struct{})
	polling := make(chan error, 1)
	go func() { polling <- m.poller(probed) }()

	for range m.wait {
		if err := m.post(m.next()); err != nil {
			return err
		}
	}
	ws := m.open(strings.TrimPrefix(m.query, "transport=polling&sid="))
	defer ws.conn.Close(0, "")
	if err := ws.conn.Write(m.ctx, message("2probe")); err != nil {
		return err
	}
	if answer, err := ws.conn.Read(m.ctx); err != nil || string(answer.Data) != "3probe" {
		return fmt.Errorf("answer to the probe: %q, %v", answer.Data, err)
	}
	if err := m.post(m.next()); err != nil {
		return err
	}
	close(probed)
	select {
	case err := <-polling:
		if err != nil {
			return err
		}
	case <-m.ctx.Done():
		return m.ctx.Err()
	}
	messages := []transport.Message{message("5"), message(m.next()), message(m.next()), message(`427["count"]`)}
	if err := ws.conn.Write(m.ctx, messages...); err != nil {
		return err
	}
	want := fmt.Sprintf("437[%d]", m.sent)
	for counted := false; m.got < m.events || !counted; {
		packet, err := ws.conn.Read(m.ctx)
		if err != nil {
			return err
		}
		if string(packet.Data) == want {
			counted = true
			continue
		}
		if err := m.receive(string(packet.Data)); err != nil {
			return err
		}
	}
	return nil
}

// next returns the next numbered event.
func (m *mover) next() string {
	m.sent++
	return fmt.Sprintf(`42["c",%d]`, m.sent-1)
}

func (m *mover) post(packets ...string) error {
	status, body := m.http("POST", m.query, strings.Join(packets, "\x1e"))
	if body != "ok" {
		return fmt.Errorf("POST answered %d %q", status, body)
	}
	return nil
}

// poller gets until the probe is answered, as the official client does.
func (m *mover) poller(probed <-chan struct{}) error {
	for {
		select {
		case <-probed:
			return nil
		default:
		}
		status, body := m.http("GET", m.query, "")
		if status != 200 {
			return fmt.Errorf("GET answered %d %q", status, body)
		}
		for packet := range strings.SplitSeq(body, "\x1e") {
			if err := m.receive(packet); err != nil {
				return err
			}
		}
	}
}

func (m *mover) receive(packet string) error {
	switch {
	case packet == "6", strings.HasPrefix(packet, "40"):
		return nil
	case packet == fmt.Sprintf(`42["s",%d]`, m.got):
		m.got++
		return nil
	}
	return fmt.Errorf("received %q, want event %d", packet, m.got)
}
