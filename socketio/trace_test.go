package socketio

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/transporttest"
)

type traced struct{}

// trace notes all that a trace is told.
func (d *dialogue) trace() *Trace {
	return &Trace{
		Connecting:         func(n int) { d.note("connecting %d", n) },
		ConnectFailed:      func(n int, err error) { d.note("failed %d: %v", n, err) },
		ReconnectScheduled: func(n int, delay time.Duration) { d.note("attempt %d in %v", n, delay) },
		GaveUp:             func(err error) { d.note("gave up: %v", err) },
		SessionOpened:      func(s Session) { d.note("opened %d %s", s.ID(), s.Transport()) },
		SessionUpgraded:    func(s Session) { d.note("upgraded %d %s", s.ID(), s.Transport()) },
		UpgradeFailed:      func(s Session, err error) { d.note("stays %d: %v", s.ID(), err) },
		SessionClosed:      func(s Session, reason Reason, _ error) { d.note("closed %d: %s", s.ID(), reason) },
		PingReceived:       func(s Session) { d.note("ping %d", s.ID()) },
		Connected:          func(s *Socket) { d.note("connected %s", s.Namespace()) },
		Disconnected:       func(s *Socket, reason Reason, _ error) { d.note("disconnected %s: %s", s.Namespace(), reason) },
		EventReceived:      func(_ *Socket, m *Message) { d.note("received %s", m.Name()) },
		EventSent:          func(_ *Socket, name string) { d.note("sent %s", name) },
		EventDropped:       func(_ *Socket, name string, err error) { d.note("dropped %s: %v", name, err) },
		Handling: func(ctx context.Context, _ *Socket, m *Message) (context.Context, func(error)) {
			d.note("handling %s", m.Name())
			return context.WithValue(ctx, traced{}, m.Name()), func(err error) { d.note("handled %s: %v", m.Name(), err) }
		},
	}
}

func TestTraceOfAttempts(t *testing.T) {
	opts := noJitter
	opts.ReconnectionAttempts = 1
	play(t, &opts, func(d *dialogue) {
		remove := d.manager.AddTrace(d.trace())
		dials := 0
		inner := d.manager.engine.Dialer
		d.manager.engine.Dialer = transporttest.DialFunc(func(ctx context.Context, url string, max int) (transport.Conn, error) {
			if dials++; dials > 1 {
				return nil, errNetwork
			}
			return inner.Dial(ctx, url, max)
		})
		p := d.connected(d.quiet())
		p.send("2")
		p.conn.Close(1001, "")
		time.Sleep(time.Minute)
		d.wantAnyOrder("connecting 0", "opened 1 websocket", "connected /", "ping 1", "closed 1: transport close", "disconnected /: transport close",
			"attempt 1 in 1s", "connecting 1", "failed 1: engineio: open websocket: network unreachable",
			"gave up: engineio: open websocket: network unreachable")

		dials = 0
		p = d.connected(d.quiet())
		remove()
		remove()
		p.send("2")
		d.quiet().Disconnect()
		d.want("connecting 0", "opened 2 websocket", "connected /")
	})
}

func TestTraceOfEvents(t *testing.T) {
	play(t, &Options{SendBufferBytes: 200}, func(d *dialogue) {
		s := d.quiet()
		s.On("greet", func(ctx context.Context, m *Message) error { return m.Ack(ctx.Value(traced{})) })
		s.On("fail", func(context.Context, *Message) error { return errors.New("sorry") })
		defer d.manager.AddTrace(d.trace())()
		require.NoError(d, s.Emit("early"))
		require.NoError(d, s.Emit("second"))
		require.ErrorIs(d, s.Emit("third"), ErrBufferFull)
		require.NoError(d, s.Volatile().Emit("blink"))
		d.want("dropped third: socketio: send buffer full", "dropped blink: socketio: not connected")

		p := d.connected(s)
		p.want(`42["early"]`, `42["second"]`)
		d.wantAnyOrder("connecting 0", "opened 1 websocket", "sent early", "sent second", "connected /")
		require.NoError(d, s.Emit("later"))
		p.want(`42["later"]`)
		d.want("sent later")
		p.send(`427["greet"]`)
		p.want(`437["greet"]`)
		d.want("received greet", "handling greet", "handled greet: <nil>")
		p.send(`42["fail"]`)
		d.want("received fail", "handling fail", `error: event: handler of "fail": sorry`, `handled fail: event: handler of "fail": sorry`)

		s.Disconnect()
		d.wantAnyOrder("closed 1: io client disconnect", "disconnected /: io client disconnect")
		require.NoError(d, s.Emit("waits"))
		require.NoError(d, s.Close())
		d.want("dropped waits: socketio: closed")
	})
}

// Several traces, one of which fails in each function, and what they do to the
// context of a handler.
func TestSeveralTraces(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		add := func(name string) (remove func()) {
			return d.manager.AddTrace(&Trace{
				Handling: func(ctx context.Context, s *Socket, m *Message) (context.Context, func(error)) {
					outer, _ := ctx.Value(traced{}).(string)
					return context.WithValue(ctx, traced{}, outer+name), func(error) { d.note("end %s", name) }
				},
			})
		}
		add("1")
		d.manager.AddTrace(&Trace{
			Connecting:     func(int) { panic("connecting") },
			SessionOpened:  func(Session) { panic("opened") },
			Connected:      func(*Socket) { panic("connected") },
			EventReceived:  func(*Socket, *Message) { panic("received") },
			PacketReceived: func(_ Session, m transport.Message) { panic("packet") },
			PacketSent:     func(Session, []byte, []transport.Message) { panic("sent") },
			Handling: func(context.Context, *Socket, *Message) (context.Context, func(error)) {
				return nil, func(error) { panic("end") }
			},
		})
		removed := add("removed")
		add("2")
		removed()
		s := d.quiet()
		s.On("who?", func(ctx context.Context, m *Message) error { return m.Ack(ctx.Value(traced{})) })
		p := d.connected(s)
		panics := func(names ...string) (lines []string) {
			for _, name := range names {
				lines = append(lines, `error: event: handler of "trace" panicked: `+name)
			}
			return lines
		}
		d.want(panics("connecting", "opened", "sent", "packet", "connected")...)
		p.send(`420["who?"]`)
		p.want(`430["12"]`)
		d.want(append(panics("packet", "received", "sent"), "end 2", panics("end")[0], "end 1")...)
	})
}

func TestTracePackets(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		var lines bytes.Buffer
		wants := func(want string) {
			d.Helper()
			synctest.Wait()
			require.Equal(d, want, lines.String())
			lines.Reset()
		}
		remove := d.manager.AddTrace(TracePackets(&lines))
		s := d.quiet()
		s.On("echo", func(_ context.Context, m *Message) error { return m.Ack([]byte{1, 2, 3}) })
		p := d.connected(s)
		wants("session 1 opened: websocket\nsession 1 → 0\nsession 1 ← 0{\"sid\":\"first\"}\n")
		p.send(`451-1["echo",{"_placeholder":true,"num":0}]`, "binary xx")
		wants(`session 1 ← 51-1["echo",{"_placeholder":true,"num":0}]` + "\nsession 1 ← 2 bytes\n" +
			`session 1 → 61-1[{"_placeholder":true,"num":0}]` + "\nsession 1 → 3 bytes\n")
		p.send("4\x1b[31m")
		synctest.Wait()
		require.Contains(d, lines.String(), `session 1 ← "\x1b[31m"`+"\nsession 1 closed: parse error: ")
		remove()
		lines.Reset()
		s.Disconnect()
		wants("")
	})
}

// A hook may do what a handler may.
func TestTraceThatUsesTheManager(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		defer d.manager.AddTrace(&Trace{
			EventSent: func(s *Socket, name string) {
				if name == "a" {
					require.NoError(d, s.Emit("b"))
				}
			},
			SessionClosed: func(Session, Reason, error) { require.ErrorIs(d, s.Emit("c"), ErrClosed) },
		})()
		p := d.connected(s)
		require.NoError(d, s.Emit("a"))
		p.want(`42["a"]`, `42["b"]`)
		require.NoError(d, d.manager.Close())
	})
}

func TestNoTraceAllocatesNothing(t *testing.T) {
	m, err := NewManager("http://host", &Options{SendBufferBytes: 1})
	require.NoError(t, err)
	s, err := m.Socket("/", nil)
	require.NoError(t, err)
	emit := func() { _ = s.Emit("a") } // which does not fit
	require.NoError(t, s.Emit("a"))
	without := testing.AllocsPerRun(100, emit)
	m.AddTrace(&Trace{})()
	require.Equal(t, without, testing.AllocsPerRun(100, emit))
	require.Nil(t, m.notes)
	require.Nil(t, m.tracer.Load())
}
