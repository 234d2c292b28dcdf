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
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport/transporttest"
)

func TestEmit(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		p := d.connected(s)
		require.NoError(d, s.Emit("plain"))
		require.NoError(d, s.Emit("args", 1, "<two>", nil, []int{3}))
		require.NoError(d, s.Emit("binary", map[string]any{"a": []byte("one")}, []byte("two")))
		require.NoError(d, s.Emit("after"))
		p.want(`42["plain"]`, `42["args",1,"<two>",null,[3]]`,
			`452-["binary",{"a":{"_placeholder":true,"num":0}},{"_placeholder":true,"num":1}]`, "binary one", "binary two",
			`42["after"]`)
	})
}

func TestEmitTakesAValueAsItIs(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		list, data := []int{1}, []byte("before")
		require.NoError(d, s.Emit("x", list, data))
		list[0], data[0] = 2, 'X'
		p := d.connected(s)
		p.want(`451-["x",[1],{"_placeholder":true,"num":0}]`, "binary before")
	})
}

func TestEmitRefuses(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		p := d.connected(s)
		require.ErrorIs(d, s.Emit("connect"), event.ErrReserved)
		require.ErrorIs(d, s.Volatile().Emit("disconnect"), event.ErrReserved)
		_, err := s.Request(d.Context(), "newListener")
		require.ErrorIs(d, err, event.ErrReserved)
		var encoding *event.EncodeError
		require.ErrorAs(d, s.Emit("x", 1, make(chan int)), &encoding)
		require.Equal(d, 1, encoding.Argument)
		p.want()
	})
}

func TestPacketsAreBufferedWhileNotConnected(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		s := d.quiet()
		s.OnConnect(func() { require.NoError(d, s.Emit("on connect")) })
		require.NoError(d, s.Emit("a", 1))
		require.NoError(d, s.Emit("b", []byte("x")))
		require.NoError(d, s.Volatile().Emit("v"))
		d.connect(s)
		require.NoError(d, s.Emit("c"))
		p := d.accept()
		require.NoError(d, s.Emit("d"))
		p.want("40")
		p.send(`40{"sid":"a"}`)
		buffered := []string{`42["a",1]`, `451-["b",{"_placeholder":true,"num":0}]`, "binary x", `42["c"]`, `42["d"]`}
		p.want(append(buffered, `42["on connect"]`)...)

		p.conn.Drop()
		synctest.Wait()
		require.NoError(d, s.Emit("e"))
		time.Sleep(time.Second)
		p = d.accept()
		p.want("40")
		p.send(`40{"sid":"b"}`)
		p.want(`42["e"]`, `42["on connect"]`)
	})
}

func TestSendBufferIsBounded(t *testing.T) {
	t.Run("bytes held", func(t *testing.T) {
		const held = 32 + 48 + len(`2["a"]`)
		play(t, &Options{SendBufferBytes: 2 * held}, func(d *dialogue) {
			s := d.quiet()
			require.NoError(d, s.Emit("a"))
			require.NoError(d, s.Emit("b"))
			require.ErrorIs(d, s.Emit("c"), ErrBufferFull)
			_, err := s.Request(d.Context(), "c")
			require.ErrorIs(d, err, ErrBufferFull)
			p := d.connected(s)
			p.want(`42["a"]`, `42["b"]`)
			require.NoError(d, s.Emit("d"))
			p.want(`42["d"]`)
		})
	})
	t.Run("a large packet", func(t *testing.T) {
		play(t, &Options{SendBufferBytes: 100}, func(d *dialogue) {
			s := d.quiet()
			require.NoError(d, s.Emit("large", strings.Repeat("x", 1000))) // alone it may be
			require.ErrorIs(d, s.Emit("a"), ErrBufferFull)
			p := d.connected(s)
			p.want(`42["large","` + strings.Repeat("x", 1000) + `"]`)
			require.NoError(d, s.Emit("binary", make([]byte, 60)))
		})
	})
	t.Run("without a bound", func(t *testing.T) {
		play(t, &Options{SendBufferBytes: -1}, func(d *dialogue) {
			s := d.quiet()
			for range 20_000 {
				require.NoError(d, s.Emit("a"))
			}
		})
	})
	t.Run("on a connection that is slow", func(t *testing.T) {
		play(t, &Options{SendBufferBytes: 2000}, func(d *dialogue) {
			s := d.quiet()
			d.unread = true
			d.connect(s)
			p := d.accept()
			p.send(`40{"sid":"a"}`)
			require.True(d, s.Connected())
			var err error
			sent := 0
			for ; err == nil; sent++ {
				err = s.Emit("a")
				synctest.Wait()
			}
			require.ErrorIs(d, err, ErrBufferFull)
			require.Less(d, sent, 100)
		})
	})
}

func TestVolatile(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		s := d.quiet()
		v := s.Volatile()
		require.NoError(d, v.Emit("before"))
		p := d.connected(s)
		require.NoError(d, v.Emit("now", []byte("x")))
		p.want(`451-["now",{"_placeholder":true,"num":0}]`, "binary x")
		p.conn.Drop()
		synctest.Wait()
		require.NoError(d, v.Emit("lost"))
		time.Sleep(time.Second)
		p = d.accept()
		p.want("40")
		p.send(`40{"sid":"b"}`)
		p.want()
	})
}

func TestVolatileOnASlowConnection(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		d.unread = true
		d.connect(s)
		p := d.accept()
		p.send(`40{"sid":"a"}`)
		for range transporttest.PipeBuffer {
			require.NoError(d, s.Emit("e"))
		}
		synctest.Wait() // the CONNECT packet is in the buffer, too: one write waits
		require.NoError(d, s.Volatile().Emit("lost"))
		for range transporttest.PipeBuffer + 1 {
			m, err := p.conn.Read(d.Context())
			require.NoError(d, err)
			require.NotContains(d, string(m.Data), "lost")
		}
		synctest.Wait()
		require.NoError(d, s.Volatile().Emit("sent"))
		m, err := p.conn.Read(d.Context())
		require.NoError(d, err)
		require.Equal(d, `42["sent"]`, string(m.Data))
	})
}

// reply is what a Request returned.
type reply struct {
	*attempt
	message *Message
}

func (d *dialogue) request(ctx context.Context, s *Socket, name string, args ...any) *reply {
	r := new(reply)
	r.attempt = d.start(func() (err error) {
		r.message, err = s.Request(ctx, name, args...)
		return err
	})
	return r
}

func TestRequest(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		p := d.connected(s)
		first := d.request(d.Context(), s, "sum", 1, 2)
		second := d.request(d.Context(), s, "file", []byte("x"))
		p.want(`420["sum",1,2]`, `451-1["file",{"_placeholder":true,"num":0}]`, "binary x")
		p.send(`43["without an id"]`, `4399["nobody waits"]`, `461-1[{"_placeholder":true,"num":0}]`, "binary back")
		first.wantWaiting()
		require.NoError(d, second.result())
		var data []byte
		require.NoError(d, second.message.Decode(&data))
		require.Equal(d, "back", string(data))
		p.send(`430[3,"more"]`)
		require.NoError(d, first.result())
		require.Equal(d, 2, first.message.Len())
		p.send(`430[4]`) // twice
		p.wantOpen()
	})
}

func TestRequestAnsweredWithAnError(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		p := d.connected(s)
		r := d.request(d.Context(), s, "x")
		p.send(`430[{"error":{"message":"no such room","data":{"code":7}}}]`)
		var answer *AckError
		require.ErrorAs(d, r.result(), &answer)
		require.Equal(d, "no such room", answer.Message)
	})
}

func TestRequestEndsWithItsContext(t *testing.T) {
	t.Run("after it was sent", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			s := d.quiet()
			p := d.connected(s)
			ctx, cancel := context.WithTimeout(d.Context(), time.Second)
			defer cancel()
			r := d.request(ctx, s, "x")
			time.Sleep(time.Second)
			require.ErrorIs(d, r.result(), context.DeadlineExceeded)
			p.want(`420["x"]`)
			p.send(`430["late"]`)
			p.wantOpen()
		})
	})
	t.Run("before it was sent", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			s := d.quiet()
			cause := errors.New("enough")
			ctx, cancel := context.WithCancelCause(d.Context())
			require.NoError(d, s.Emit("a"))
			gone := d.request(ctx, s, "gone", []byte("x"))
			kept := d.request(d.Context(), s, "kept")
			require.NoError(d, s.Emit("b"))
			cancel(cause)
			require.ErrorIs(d, gone.result(), cause)
			p := d.connected(s)
			p.want(`42["a"]`, `421["kept"]`, `42["b"]`)
			p.send(`431["ok"]`)
			require.NoError(d, kept.result())
		})
	})
}

func TestRequestEndsWithTheConnection(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		s := d.quiet()
		p := d.connected(s)
		sent := d.request(d.Context(), s, "sent")
		p.want(`420["sent"]`)
		p.conn.Drop()
		var ended *DisconnectError
		require.ErrorAs(d, sent.result(), &ended)
		require.Equal(d, TransportClose, ended.Reason)

		buffered := d.request(d.Context(), s, "buffered")
		buffered.wantWaiting()
		time.Sleep(time.Second)
		p = d.accept()
		p.want("40")
		p.conn.Drop() // a connection that was not confirmed
		buffered.wantWaiting()
		time.Sleep(2 * time.Second)
		p = d.accept()
		p.want("40")
		p.send(`40{"sid":"b"}`)
		p.want(`421["buffered"]`)
		p.send(`431[]`)
		require.NoError(d, buffered.result())

		for _, end := range []func(){func() { p.send("41") }, s.Disconnect} {
			if !s.Connected() {
				p = d.connected(s)
			}
			r := d.request(d.Context(), s, "x")
			end()
			require.ErrorAs(d, r.result(), &ended)
		}
	})
}

// A packet is buffered also in the moment between the end of a connection and
// the news of it.
func TestRequestBufferedWhileTheConnectionEnds(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		p := d.connected(s)
		ended := 0
		count := func(*parser.Packet, error) { ended++ }
		sent, err := s.acks.Add(count)
		require.NoError(d, err)
		buffered, err := s.acks.Add(count)
		require.NoError(d, err)
		d.manager.mu.Lock()
		require.True(d, s.buffer.put(packet{id: buffered, hasID: true}))
		d.manager.mu.Unlock()
		p.conn.Drop()
		synctest.Wait()
		require.Equal(d, 1, ended)
		require.False(d, s.acks.Remove(sent))
		require.True(d, s.acks.Remove(buffered))
	})
}

// slow is a value whose JSON takes until it is told to go on.
type slow struct{ asked, goOn chan struct{} }

func (s slow) MarshalJSON() ([]byte, error) {
	close(s.asked)
	<-s.goOn
	return []byte(`"slow"`), nil
}

// An event whose answer nothing waits for any more is not sent later.
func TestRequestEncodedWhileTheConnectionEnds(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		s := d.quiet()
		p := d.connected(s)
		arg := slow{make(chan struct{}), make(chan struct{})}
		r := d.request(d.Context(), s, "x", arg)
		<-arg.asked
		p.conn.Drop()
		synctest.Wait()
		close(arg.goOn)
		var ended *DisconnectError
		require.ErrorAs(d, r.result(), &ended)
		time.Sleep(time.Second)
		p = d.connected(s)
		require.NoError(d, s.Emit("after"))
		p.want(`42["after"]`)
	})
}

func TestRequestInAHandler(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		s.On("ask", func(ctx context.Context, m *Message) error {
			r, err := s.Request(ctx, "question")
			if err != nil {
				return err
			}
			var answer int
			err = r.Decode(&answer)
			d.note("answer %d", answer)
			return err
		})
		p := d.connected(s)
		p.send(`42["ask"]`)
		p.want(`420["question"]`)
		p.send(`430[42]`)
		d.want("answer 42")
	})
}

func TestAcknowledging(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		s := d.quiet()
		var kept *Message
		s.On("now", func(_ context.Context, m *Message) error { return m.Ack(1, []byte("x")) })
		s.On("later", func(_ context.Context, m *Message) error { kept = m; return nil })
		s.On("fail", func(context.Context, *Message) error { return &AckError{Message: "no"} })
		p := d.connected(s)
		p.send(`427["now"]`, `428["later"]`, `429["fail"]`)
		p.want(`461-7[1,{"_placeholder":true,"num":0}]`, "binary x", `439[{"error":{"message":"no"}}]`)
		require.NoError(d, kept.Ack("done"))
		p.want(`438["done"]`)
		require.ErrorIs(d, kept.Ack(), event.ErrAcked)

		p.send(`4210["later"]`)
		p.conn.Drop()
		synctest.Wait()
		var ended *DisconnectError
		require.ErrorAs(d, kept.Ack(), &ended)
		time.Sleep(time.Second)
		p = d.accept()
		p.send(`40{"sid":"b"}`)
		require.ErrorAs(d, kept.Ack(), &ended, "a new connection knows nothing of the id")
		p.want("40")
	})
}

// The packet that finds the heartbeat overdue is buffered, and goes out on the
// next connection.
func TestOverdueHeartbeat(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		s := d.socket("/")
		p := d.connected(s)
		time.Sleep(45 * time.Second)
		require.NoError(d, s.Emit("x"))
		d.want("connect", "disconnect: ping timeout")
		p.want()
		p.wantClosed()
		time.Sleep(time.Second)
		p = d.accept()
		p.send(`40{"sid":"b"}`)
		p.want("40", `42["x"]`)
		d.want("connect")
	})
}
