package socketio

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/socketio/event"
)

func TestEventsAreHandledInOrder(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.socket("/")
		d.heed(s, "x")
		s.OnAny(func(_ context.Context, m *Message) error { d.note("any %s", m.Name()); return nil })
		s.Once("x", func(context.Context, *Message) error { d.note("once"); return nil })
		off := s.On("y", func(context.Context, *Message) error { d.note("y"); return nil })
		p := d.connected(s)
		p.send(`42["x",1]`, `42["y"]`, `42["x",2]`)
		off()
		p.send(`42["y"]`)
		d.want("connect", "any x", "x 1", "once", "any y", "y", "any x", "x 2", "any y")
	})
}

func TestBinaryEvent(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		s.On("file", func(_ context.Context, m *Message) error {
			var file struct {
				Name string `json:"name"`
				Data []byte `json:"data"`
			}
			err := m.Decode(&file)
			d.note("%s %s", file.Name, file.Data)
			return err
		})
		p := d.connected(s)
		p.send(`451-["file",{"name":"n","data":{"_placeholder":true,"num":0}}]`, "binary content")
		d.want("n content")
	})
}

func TestOnConnectComesBeforeEvents(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		release := make(chan struct{})
		s.OnConnect(func() {
			<-release
			d.note("connect %s", s.ID())
			d.heed(s, "x") // what is added here misses nothing
		})
		d.connect(s)
		p := d.accept()
		p.send(`40{"sid":"a"}`, `42["x",1]`, `42["x",2]`)
		d.want()
		close(release)
		d.want("connect a", "x 1", "x 2")
	})
}

func TestASlowHandlerHoldsBackNothingElse(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		release := make(chan struct{})
		s.On("slow", func(context.Context, *Message) error { <-release; return nil })
		d.heed(s, "x")
		p := d.connected(s)
		p.send(`42["slow"]`, `42["x",1]`)
		for range 10 {
			time.Sleep(20 * time.Second)
			p.send("2")
		}
		p.want("3", "3", "3", "3", "3", "3", "3", "3", "3", "3")
		r := d.request(d.Context(), s, "q")
		p.send(`430[]`)
		require.NoError(d, r.result())
		d.want()
		close(release)
		d.want("x 1")
	})
}

func TestAHandlerThatDoesNotReturnStopsTheReading(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		release := make(chan struct{})
		s.On("slow", func(context.Context, *Message) error { <-release; return nil })
		count := 0
		s.On("x", func(context.Context, *Message) error { count++; return nil })
		p := d.connected(s)
		p.send(`42["slow"]`)
		ctx, cancel := context.WithTimeout(d.Context(), time.Second)
		defer cancel()
		sent := 0
		size := inboxBytes / 100
		for p.conn.Write(ctx, textMessage(`42["x","`+strings.Repeat("x", size)+`"]`)) == nil {
			sent++
		}
		require.Greater(d, sent, 90)
		require.Less(d, sent, 150)
		require.ErrorIs(d, d.request(d.Context(), s, "q").result(), event.ErrBehind)
		d.want("error: " + errBehind.Error())
		close(release)
		synctest.Wait()
		require.Equal(d, sent, count)
	})
}

func TestAHandlerThatFails(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		d.heed(s, "x")
		s.On("error", func(context.Context, *Message) error { return errors.New("oh") })
		s.On("panic", func(context.Context, *Message) error { panic("ah") })
		s.OnConnect(func() { panic("connect") })
		s.OnDisconnect(func(Reason, error) { panic(errors.New("disconnect")) })
		p := d.connected(s)
		p.send(`42["error"]`, `42["panic"]`, `427["error"]`, `42["x",{}]`, `42["x",1]`)
		p.want() // nothing of it is for the server
		d.want(`error: event: handler of "connect" panicked: connect`,
			`error: event: handler of "error": oh`, `error: event: handler of "panic" panicked: ah`,
			`error: event: handler of "error": oh`, "x map[]", "x 1")
		p.conn.Drop()
		d.want(`error: event: handler of "disconnect" panicked: disconnect`)
	})
}

func TestHandlersMayBeForgotten(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		s := d.quiet()
		off := []func(){
			s.OnConnect(func() { d.note("connect") }),
			s.OnDisconnect(func(Reason, error) { d.note("disconnect") }),
			s.OnConnectError(func(error) { d.note("connect error") }),
		}
		for _, off := range off {
			off()
			off()
		}
		d.connected(s).conn.Drop()
		d.want()
	})
}

func TestEventsBeforeADisconnectAreDelivered(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		s := d.socket("/")
		release := make(chan struct{})
		s.On("slow", func(ctx context.Context, _ *Message) error {
			<-release
			d.note("slow: %v", context.Cause(ctx))
			return nil
		})
		d.heed(s, "x")
		p := d.connected(s)
		p.send(`42["slow"]`, `42["x",1]`)
		p.conn.Drop()
		synctest.Wait()
		close(release)
		d.want("connect", "slow: event: disconnected: transport close: engineio: read: transport: closed by peer with code 1006",
			"x 1", "disconnect: transport close")
	})
}

func TestEventsAfterOwnDisconnectAreNot(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.socket("/")
		release := make(chan struct{})
		s.On("slow", func(context.Context, *Message) error { <-release; return nil })
		d.heed(s, "x")
		p := d.connected(s)
		p.send(`42["slow"]`, `42["x",1]`)
		s.Disconnect()
		close(release)
		d.want("connect", "disconnect: io client disconnect")
	})
}

func TestContext(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		s := d.quiet()
		var handlers context.Context
		s.On("x", func(ctx context.Context, _ *Message) error { handlers = ctx; return nil })
		p := d.connected(s)
		p.send(`42["x"]`)
		first := s.Context()
		require.Equal(d, first, handlers)
		require.NoError(d, first.Err())
		p.conn.Drop()
		<-first.Done()
		var ended *DisconnectError
		require.ErrorAs(d, context.Cause(first), &ended)
		require.Equal(d, TransportClose, ended.Reason)
		require.Error(d, s.Context().Err())
		time.Sleep(time.Second)
		d.connectedAgain()
		require.NoError(d, s.Context().Err())
		require.Error(d, first.Err())
	})
}

func TestWhatIsNotSocketIOEndsTheConnection(t *testing.T) {
	for _, message := range []string{
		"4", "49", "42", "42{}", "42[]", `42["disconnect"]`, `42["x"`, "451-", `450-["x"]`, "binary x", `440`, `41["x"]`,
	} {
		t.Run(message, func(t *testing.T) {
			play(t, &noJitter, func(d *dialogue) {
				s := d.socket("/")
				p := d.connected(s)
				p.send(message)
				d.want("connect", "disconnect: parse error")
				p.wantClosed()
				time.Sleep(time.Second)
				d.connectedAgain()
			})
		})
	}
	t.Run("text in place of an attachment", func(t *testing.T) {
		play(t, &noJitter, func(d *dialogue) {
			s := d.socket("/")
			p := d.connected(s)
			p.send(`451-["x",{"_placeholder":true,"num":0}]`, `42["x"]`)
			d.want("connect", "disconnect: parse error")
		})
	})
	t.Run("limits", func(t *testing.T) {
		play(t, with(noJitter, func(o *Options) { o.MaxAttachments = 2 }), func(d *dialogue) {
			s := d.socket("/")
			p := d.connected(s)
			p.send(`453-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1},{"_placeholder":true,"num":2}]`)
			d.want("connect", "disconnect: parse error")
		})
		play(t, with(noJitter, func(o *Options) { o.MaxAttachmentBytes = 5 }), func(d *dialogue) {
			s := d.socket("/")
			p := d.connected(s)
			p.send(`452-["x"]`, "binary 12345", "binary 6")
			d.want("connect", "disconnect: parse error")
		})
		play(t, &noJitter, func(d *dialogue) {
			s := d.socket("/")
			p := d.connected(s)
			p.send(`42["x"` + strings.Repeat(",1", 5_000_000) + `]`)
			d.want("connect", "disconnect: parse error")
		})
	})
}

func TestPacketsOutOfPlaceAreIgnored(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.socket("/")
		p := d.connected(s)
		p.send(`43123["nobody"]`, `41/unknown,`, `44/unknown,{"message":"x"}`)
		p.wantOpen()
		require.Equal(d, "first", s.ID())
		d.want("connect")
	})
}

func TestRecovery(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		s := d.quiet()
		s.OnConnect(func() { d.note("connect %s recovered %v", s.ID(), s.Recovered()) })
		d.heed(s, "x")
		d.connect(s)
		p := d.accept()
		p.want("40")
		p.send(`40{"sid":"a","pid":"private"}`, `42["x",1,"offset 1"]`, `42["x",2,"offset 2"]`, `427["x",3]`, `42["x",4,{"not":"one"}]`)
		d.want("connect a recovered false", "x 1", "x 2", "x 3", "x 4")
		p.conn.Drop()
		time.Sleep(time.Second)

		p = d.accept()
		p.want(`40{"pid":"private","offset":"offset 2"}`)
		p.send(`42["x",5,"offset 5"]`, `42["x",6,"offset 6"]`) // what was missed comes before the answer
		d.want()
		p.send(`40{"sid":"a","pid":"private"}`, `42["x",7,"offset 7"]`)
		d.want("connect a recovered true", "x 5", "x 6", "x 7")
		p.conn.Drop()
		time.Sleep(time.Second)
		require.False(d, s.Recovered())

		p = d.accept()
		p.want(`40{"pid":"private","offset":"offset 7"}`)
		p.send(`40{"sid":"b","pid":"other"}`)
		d.want("connect b recovered false")
		p.conn.Drop()
		time.Sleep(time.Second)
		p = d.accept()
		p.want(`40{"pid":"other"}`) // offsets of the old session mean nothing
	})
}

func TestRecoveryWithAuth(t *testing.T) {
	opts := with(noJitter, func(o *Options) {
		o.Auth = func(context.Context) (any, error) { return map[string]int{"token": 1}, nil }
	})
	play(t, opts, func(d *dialogue) {
		d.connect(d.quiet())
		p := d.accept()
		p.want(`40{"token":1}`)
		p.send(`40{"sid":"a","pid":"p\""}`)
		p.conn.Drop()
		time.Sleep(time.Second)
		p = d.accept()
		p.want(`40{"pid":"p\"","token":1}`)
	})
}

func TestEventsBeforeConnectAreBounded(t *testing.T) {
	c := new(connection)
	for range maxEarly {
		require.NoError(t, c.keep(arrival{size: 1}))
	}
	require.ErrorIs(t, c.keep(arrival{}), errTooMuchEarly)

	c = new(connection)
	require.NoError(t, c.keep(arrival{size: maxEarlyBytes/2 + 1}))
	require.ErrorIs(t, c.keep(arrival{size: maxEarlyBytes/2 + 1}), errTooMuchEarly)
}

// Events that come before the answer to CONNECT belong to it only if the server was
// asked to recover a session.
func TestEventsOfASocketThatWasLeft(t *testing.T) {
	for name, answer := range map[string]string{
		"without recovery": `{"sid":"first"}`,
		"with recovery":    `{"sid":"first","pid":"private"}`,
	} {
		t.Run(name, func(t *testing.T) {
			play(t, nil, func(d *dialogue) {
				other, s := d.socket("/other"), d.socket("/")
				d.heed(s, "news")
				d.connect(other)
				p := d.accept()
				p.want("40/other,")
				p.send(`40/other,{"sid":"o"}`)
				d.connect(s)
				p.send("40" + answer)
				d.want("/other connect", "connect")
				s.Disconnect()
				again := d.connect(s)
				p.send(`42["news","under way when DISCONNECT was written"]`, `427["news","and this"]`,
					`40{"sid":"second"}`, `42["news","for the second"]`)
				require.NoError(d, again.result())
				d.want("disconnect: io client disconnect", "connect", "news for the second")
			})
		})
	}
	t.Run("before it was connected", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			other, s := d.socket("/other"), d.socket("/")
			d.heed(s, "news")
			d.connect(other)
			p := d.accept()
			p.send(`40/other,{"sid":"o"}`)
			d.connect(s)
			s.Disconnect()
			p.send(`40{"sid":"first"}`) // which DISCONNECT answers
			again := d.connect(s)
			p.send(`42["news","for the first"]`, `40{"sid":"second"}`)
			require.NoError(d, again.result())
			p.want("40/other,", "40", "41", "40")
			d.want("/other connect", "connect")
		})
	})
}

func TestTypedEvents(t *testing.T) {
	type position struct {
		event.Positional
		X, Y int
	}
	moved := event.New[position]("moved")
	add := event.NewCall[[]int, int]("add")
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		moved.On(s, func(_ context.Context, p position) error { d.note("moved to %d, %d", p.X, p.Y); return nil })
		add.Handle(s, func(_ context.Context, terms []int) (int, error) {
			sum := 0
			for _, term := range terms {
				sum += term
			}
			return sum, nil
		})
		p := d.connected(s)
		p.send(`42["moved",1,2]`, `423["add",[1,2,3]]`)
		d.want("moved to 1, 2")
		p.want("433[6]")
		require.NoError(d, moved.Emit(s, position{X: 3, Y: 4}))
		p.want(`42["moved",3,4]`)
		require.NoError(d, moved.Emit(s.Volatile(), position{X: 5}))
		p.want(`42["moved",5,0]`)
		call := d.start(func() error {
			sum, err := add.Request(d.Context(), s, []int{4, 5})
			d.note("sum %d", sum)
			return err
		})
		p.want(`420["add",[4,5]]`)
		p.send("430[9]")
		require.NoError(d, call.result())
		d.want("sum 9")
	})
}

func TestNew(t *testing.T) {
	s, err := New("https://host/chat?token=1", nil)
	require.NoError(t, err)
	require.Equal(t, "/chat", s.Namespace())
	require.Equal(t, "https://host/socket.io/?token=1", s.Manager().engine.URL)
	require.NoError(t, s.Close())
	require.ErrorIs(t, s.Connect(t.Context()), ErrClosed)

	s, err = New("http://host", &Options{Path: "sub/io", Query: map[string]string{"a": "b"}})
	require.NoError(t, err)
	require.Equal(t, "/", s.Namespace())
	require.Equal(t, "http://host/sub/io/?a=b", s.Manager().engine.URL)

	_, err = New("nonsense", nil)
	require.ErrorIs(t, err, ErrURL)
	_, err = Dial(t.Context(), "nonsense", nil)
	require.ErrorIs(t, err, ErrURL)
}

func TestDialLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := Dial(ctx, "http://host", &Options{Platform: failing()})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, errNetwork)
	})
}
