//go:build !js

package socketio

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// standardError returns what is printed while fn runs.
func standardError(t *testing.T, fn func()) string {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer file.Close()
	before := os.Stderr
	os.Stderr = file
	defer func() { os.Stderr = before }()
	fn()
	text, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	return string(text)
}

// printing is play with a manager whose errors nobody takes.
func printing(t *testing.T, opts *Options, script func(d *dialogue)) string {
	return standardError(t, func() {
		play(t, opts, func(d *dialogue) {
			d.manager.opts.OnError, d.manager.prints = new(printer).print, true
			script(d)
			synctest.Wait()
		})
	})
}

func TestErrorsArePrinted(t *testing.T) {
	text := printing(t, nil, func(d *dialogue) {
		s := d.quiet()
		s.OnConnect(func() { panic("in OnConnect") })
		s.On("fail", func(context.Context, *Message) error { return errors.New("one\nline\x1b[31m") })
		s.On("n", func(_ context.Context, m *Message) error { var n int; return m.Decode(&n) })
		s.On("long", func(context.Context, *Message) error { return errors.New(strings.Repeat("ü", 1<<20)) })
		p := d.connected(s)
		p.send(`42["fail"]`, `42["n","x"]`, `42["long"]`)
	})
	lines := strings.SplitAfter(text, "\n")
	require.Equal(t, "socketio: event: handler of \"connect\" panicked: in OnConnect\n", lines[0])
	require.Contains(t, text, "TestErrorsArePrinted", "the stack")
	require.Contains(t, text, "socketio: event: handler of \"fail\": one line [31m\n")
	require.Contains(t, text, "socketio: event: handler of \"n\": event: decode argument 0 of \"n\": ")
	require.Contains(t, text, "socketio: event: handler of \"long\": ü")
	for _, line := range lines {
		require.Less(t, len(line), 400)
	}
	require.Less(t, len(text), 8<<10)
}

func TestPrintingIsBounded(t *testing.T) {
	text := printing(t, nil, func(d *dialogue) {
		s := d.quiet()
		s.On("fail", func(context.Context, *Message) error { return errors.New("oh") })
		p := d.connected(s)
		for range 15 {
			p.send(`42["fail"]`)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		p.send(`42["fail"]`)
		time.Sleep(time.Second)
	})
	require.Equal(t, strings.Repeat("socketio: event: handler of \"fail\": oh\n", 10)+
		"socketio: 5 more errors within a second\n"+
		"socketio: event: handler of \"fail\": oh\n", text)
}

// Attempts of which nobody else hears.
func TestFailedAttemptsArePrinted(t *testing.T) {
	failure := "socketio: engineio: open websocket: network unreachable\n"
	t.Run("while Connect waits", func(t *testing.T) {
		require.Equal(t, strings.Repeat(failure, 3), printing(t, &noJitter, func(d *dialogue) {
			d.answering(errNetwork, errNetwork, errNetwork)
			d.connect(d.quiet())
			time.Sleep(7 * time.Second)
			d.connectedAgain()
		}))
	})
	t.Run("not what Connect returns", func(t *testing.T) {
		require.Empty(t, printing(t, with(noJitter, func(o *Options) { o.NoReconnect = true }), func(d *dialogue) {
			d.answering(errNetwork)
			require.ErrorIs(d, d.quiet().Connect(d.Context()), errNetwork)
			connect := d.connect(d.quiet())
			d.accept().conn.Drop()
			require.Error(d, connect.result())
		}))
	})
	t.Run("not what OnConnectError is told", func(t *testing.T) {
		require.Empty(t, printing(t, &noJitter, func(d *dialogue) {
			d.answering(errNetwork)
			d.connect(d.socket("/"))
			time.Sleep(time.Second)
			d.connectedAgain()
		}))
	})
	t.Run("a refusal during reconnection", func(t *testing.T) {
		require.Equal(t, "socketio: event: connection to namespace / refused: no\n", printing(t, &noJitter, func(d *dialogue) {
			d.connected(d.quiet()).conn.Drop()
			time.Sleep(time.Second)
			d.accept().send(`44{"message":"no"}`)
		}))
	})
}

// An error of Auth, which is the program's, comes to OnError too.
func TestErrorsOfAuthThatNobodyHears(t *testing.T) {
	play(t, with(noJitter, func(o *Options) {
		o.Auth = func(context.Context) (any, error) { return nil, errors.New("no token") }
	}), func(d *dialogue) {
		d.connect(d.quiet())
		d.accept()
		d.want("error: socketio: auth: no token")
		time.Sleep(time.Second)
		d.want("error: socketio: auth: no token")
		d.socket("/") // hears of it
		time.Sleep(2 * time.Second)
		d.want("connect error: socketio: auth: no token")
	})
}
