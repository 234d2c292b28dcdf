package socketio

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport/transporttest"
)

// What had not left the program when the connection broke goes back in front of what is
// emitted then. A Request among it goes on.
func TestWhatDidNotLeaveIsSentByTheNextConnection(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		s, other := d.socket("/"), d.socket("/other")
		d.unread = true
		connect := d.connect(s)
		p := d.accept()
		p.send(`40{"sid":"first"}`)
		require.NoError(d, connect.result())
		connect = d.connect(other)
		p.send(`40/other,{"sid":"other"}`)
		require.NoError(d, connect.result())
		d.wantAnyOrder("connect", "/other connect")

		for range transporttest.PipeBuffer - 2 { // behind two CONNECT
			require.NoError(d, s.Emit("left"))
		}
		synctest.Wait()
		require.NoError(d, s.Emit("a", []byte("attached")))
		require.NoError(d, other.Emit("b"))
		back := d.request(d.Context(), s, "back")
		require.NoError(d, s.Emit("c", "text"))
		synctest.Wait()
		p.conn.Drop()
		d.wantAnyOrder("disconnect: transport close", "/other disconnect: transport close")
		require.NoError(d, s.Emit("offline"))

		d.unread = false
		time.Sleep(time.Second)
		p = d.accept()
		p.want("40", "40/other,")
		p.send(`40{"sid":"second"}`)
		p.want(`451-["a",{"_placeholder":true,"num":0}]`, "binary attached", `420["back"]`, `42["c","text"]`, `42["offline"]`)
		p.send(`40/other,{"sid":"other"}`)
		p.want(`42/other,["b"]`)
		back.wantWaiting()
		p.send(`430[]`)
		require.NoError(d, back.result())
		d.wantAnyOrder("connect", "/other connect")
	})
}

// A socket that has left wants nothing back.
func TestWhatDidNotLeaveOfASocketThatHas(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		s, other := d.socket("/"), d.socket("/other")
		d.unread = true
		connect := d.connect(other)
		p := d.accept()
		p.send(`40/other,{"sid":"other"}`)
		require.NoError(d, connect.result())
		connect = d.connect(s)
		p.send(`40{"sid":"first"}`)
		require.NoError(d, connect.result())
		for range transporttest.PipeBuffer + 1 {
			require.NoError(d, s.Emit("x"))
		}
		s.Disconnect()
		p.conn.Drop()
		synctest.Wait()
		require.Zero(d, s.Buffered())
		d.mu.Lock()
		d.log = nil
		d.mu.Unlock()
	})
}

func TestDrain(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		s := d.quiet()
		drain := func(most int) *attempt {
			return d.start(func() error { return s.Drain(context.Background(), most) })
		}
		require.NoError(d, drain(0).result(), "nothing waits")
		require.NoError(d, s.Emit("offline", make([]byte, 1000)))
		require.NoError(d, drain(2000).result())
		held := s.Buffered()
		require.Greater(d, held, 1000)
		waiting := drain(0)
		stop := errors.New("stop")
		ctx, cancel := context.WithCancelCause(d.Context())
		stopped := d.start(func() error { return s.Drain(ctx, 0) })
		cancel(stop)
		require.Equal(d, stop, stopped.result())

		d.unread = true
		connect := d.connect(s)
		p := d.accept()
		p.send(`40{"sid":"first"}`)
		require.NoError(d, connect.result())
		require.NoError(d, waiting.result())
		for range transporttest.PipeBuffer {
			require.NoError(d, s.Emit("x"))
		}
		waiting = drain(0)
		waiting.wantWaiting()
		p.conn.Drop()
		synctest.Wait()
		require.Positive(d, s.Buffered())
		waiting.wantWaiting()

		d.unread = false
		time.Sleep(time.Second)
		d.accept().send(`40{"sid":"second"}`)
		require.NoError(d, waiting.result())

		require.NoError(d, d.manager.Close())
		require.Equal(d, ErrClosed, drain(0).result())
	})
}

// An event counts for the recovery when it is sure to be handled, and not when it has
// arrived: what the inbox had no room for is queued when the connection ends.
func TestNothingThatCountsIsDropped(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		s := d.quiet()
		release := make(chan struct{})
		var handled []string
		s.On("x", func(_ context.Context, m *Message) error {
			<-release
			var offset string
			err := m.Decode(nil, &offset)
			handled = append(handled, offset)
			return err
		})
		connect := d.connect(s)
		p := d.accept()
		p.want("40")
		p.send(`40{"sid":"first","pid":"p"}`)
		require.NoError(d, connect.result())
		half := strings.Repeat("x", inboxBytes/2)
		for _, offset := range []string{"1", "2", "3"} {
			p.send(`42["x","` + half + `","` + offset + `"]`)
		}
		p.conn.Drop()
		require.NoError(d, s.Emit("y")) // who does not read notices by writing
		time.Sleep(time.Second)
		p = d.accept()
		p.want(`40{"pid":"p","offset":"2"}`) // the third was not read
		close(release)
		synctest.Wait()
		require.Equal(d, []string{"1", "2"}, handled)
		d.want("error: " + errBehind.Error())
	})
}
