package socketio

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
)

func TestClose(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s, other := d.socket("/"), d.socket("/n")
		p := d.connected(s)
		waiting := d.connect(other)
		request := d.start(func() error { _, err := s.Request(context.Background(), "r"); return err })
		buffered := d.start(func() error { _, err := other.Request(context.Background(), "r"); return err })
		require.NoError(d, d.manager.Close())
		p.want("40/n,", `420["r"]`, "41")
		p.wantClosed()
		d.want("connect", "disconnect: io client disconnect")
		var ended *DisconnectError
		for _, call := range []*attempt{waiting, request, buffered} {
			require.ErrorAs(d, call.result(), &ended)
			require.Equal(d, ClientDisconnect, ended.Reason)
		}
		require.ErrorIs(d, s.Connect(d.Context()), ErrClosed)
		require.ErrorIs(d, s.Emit("x"), ErrClosed)
		_, err := s.Request(d.Context(), "x")
		require.ErrorIs(d, err, ErrClosed)
		require.NoError(d, d.manager.Close())
	})
}

func TestCloseOfASocket(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		p := d.connected(s)
		require.NoError(d, s.Close())
		p.want("41")
		d.connected(s) // the manager is not closed
	})
}

func TestAClosedSocketIsForgotten(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		keep, s := d.socket("/keep"), d.socket("/")
		d.connect(keep)
		p := d.accept()
		p.send(`40/keep,{"sid":"k"}`)
		require.NoError(d, s.Emit("a"), "buffered")
		request := d.start(func() error { _, err := s.Request(context.Background(), "b"); return err })
		request.wantWaiting()
		require.NoError(d, s.Close())
		var ended *DisconnectError
		require.ErrorAs(d, request.result(), &ended, "nobody else would end it")

		again := d.connect(s) // it may be used again
		p.send(`40{"sid":"a"}`)
		require.NoError(d, again.result())
		require.NoError(d, s.Emit("c"))
		p.want("40/keep,", "40", `42["c"]`)
		require.NoError(d, s.Close())

		other := d.socket("/")
		require.NotSame(d, s, other)
		require.Same(d, other, d.quiet())
		require.ErrorIs(d, s.Connect(d.Context()), ErrClosed)
		require.ErrorIs(d, s.Emit("d"), ErrClosed)
		_, err := s.Request(d.Context(), "e")
		require.ErrorIs(d, err, ErrClosed)
		require.NoError(d, s.Close())
		require.Same(d, other, d.quiet(), "it has nothing to do with the other")
		d.want("/keep connect", "connect", "disconnect: io client disconnect")
	})
}

// A handler that heeds its context late is waited for by Wait and Shutdown alone.
func TestCloseDoesNotWaitForHandlers(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.socket("/")
		release := make(chan struct{})
		s.On("slow", func(ctx context.Context, _ *Message) error {
			<-ctx.Done() // tells the handler to stop
			<-release
			d.note("handled: %v", context.Cause(ctx))
			return nil
		})
		p := d.connected(s)
		p.send(`42["slow"]`)
		begin := time.Now()
		require.NoError(d, d.manager.Close())
		p.wantClosed()
		require.Zero(d, time.Since(begin))
		d.want("connect")

		for _, wait := range []func(context.Context) error{d.manager.Wait, d.manager.Shutdown, s.Wait, s.Shutdown} {
			ctx, cancel := context.WithTimeout(d.Context(), time.Second)
			require.ErrorIs(d, wait(ctx), context.DeadlineExceeded)
			cancel()
			waiting := d.start(func() error { return wait(d.Context()) })
			waiting.wantWaiting()
			defer func() { require.NoError(d, waiting.result()) }()
		}
		close(release)
		d.want("handled: event: disconnected: io client disconnect", "disconnect: io client disconnect")
	})
}

func TestCloseInAHandler(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s, other := d.socket("/"), d.socket("/other")
		s.On("other", func(context.Context, *Message) error { return other.Close() })
		s.On("all", func(context.Context, *Message) error {
			defer d.note("closed")
			return d.manager.Close()
		})
		p := d.connected(s)
		again := d.connect(other)
		p.send(`40/other,{"sid":"o"}`)
		require.NoError(d, again.result())
		p.send(`42["other"]`)
		p.want("40/other,", "41/other,")
		d.want("connect", "/other connect", "/other disconnect: io client disconnect")
		p.send(`42["all"]`)
		p.want("41")
		p.wantClosed()
		d.want("closed", "disconnect: io client disconnect")
	})
}

func TestCloseInOnConnectAndOnDisconnect(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.socket("/")
		s.OnConnect(func() { require.NoError(d, d.manager.Close()) })
		s.OnDisconnect(func(Reason, error) { require.NoError(d, d.manager.Close()) })
		p := d.connected(s)
		p.wantClosed()
		d.want("connect", "disconnect: io client disconnect")
	})
}

// Auth that does not heed its context holds back neither Close nor another session.
func TestCloseDuringAuth(t *testing.T) {
	release := make(chan struct{})
	opts := &Options{Auth: func(context.Context) (any, error) { <-release; return nil, nil }}
	play(t, opts, func(d *dialogue) {
		release = make(chan struct{}) // of the bubble
		connect := d.connect(d.quiet())
		p := d.accept()
		synctest.Wait()
		begin := time.Now()
		require.NoError(d, d.manager.Close())
		require.Zero(d, time.Since(begin))
		require.Error(d, connect.result())
		p.wantClosed()
		waiting := d.start(func() error { return d.manager.Wait(d.Context()) })
		waiting.wantWaiting()
		close(release)
		require.NoError(d, waiting.result())
	})
}

// A server that takes nothing is given 5 seconds by Close, and what its context says
// by Shutdown.
func TestCloseIsBounded(t *testing.T) {
	for _, test := range []struct {
		name  string
		close func(d *dialogue) error
		takes time.Duration
		err   error
	}{
		{"Close", func(d *dialogue) error { return d.manager.Close() }, 5 * time.Second, nil},
		{"Shutdown", func(d *dialogue) error {
			ctx, cancel := context.WithTimeout(d.Context(), time.Second)
			defer cancel()
			return d.manager.Shutdown(ctx)
		}, time.Second, context.DeadlineExceeded},
	} {
		t.Run(test.name, func(t *testing.T) {
			play(t, nil, func(d *dialogue) {
				s := d.quiet()
				d.unread = true
				d.connect(s)
				d.accept().send(`40{"sid":"a"}`)
				for range 100 {
					require.NoError(d, s.Emit("a"))
				}
				synctest.Wait()
				begin := time.Now()
				require.ErrorIs(d, test.close(d), test.err)
				require.Equal(d, test.takes, time.Since(begin))
				require.NoError(d, d.manager.Wait(d.Context()))
				require.Equal(d, test.takes, time.Since(begin))
			})
		})
	}
}

func TestShutdownSendsWhatWasEmitted(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		p := d.connected(s)
		require.NoError(d, s.Emit("last"))
		require.NoError(d, d.manager.Shutdown(d.Context()))
		p.want(`42["last"]`, "41")
		p.wantClosed()
	})
}

// The handlers of a socket that was closed are still waited for by its manager.
func TestWaitForAClosedSocket(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		release := make(chan struct{})
		s.On("slow", func(context.Context, *Message) error { <-release; return nil })
		p := d.connected(s)
		p.send(`42["slow"]`)
		require.NoError(d, s.Close())
		require.NotSame(d, s, d.quiet())
		waiting := d.start(func() error { return d.manager.Shutdown(d.Context()) })
		waiting.wantWaiting()
		close(release)
		require.NoError(d, waiting.result())
	})
}

// What ends its goroutine is reported, and holds up nothing behind it.
func TestGoexit(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		heeded := 0
		s.On("exit", func(context.Context, *Message) error { runtime.Goexit(); return nil })
		s.On("exit", func(context.Context, *Message) error { d.note("never"); return nil })
		s.On("x", func(context.Context, *Message) error { heeded++; return nil })
		s.OnConnect(func() { runtime.Goexit() })
		s.OnDisconnect(func(Reason, error) { d.note("disconnect"); runtime.Goexit() })
		p := d.connected(s)
		d.want(`error: event: handler of "connect" panicked: it called runtime.Goexit`)
		var reported *event.HandlerError
		d.manager.opts.OnError = func(err error) {
			require.ErrorAs(d, err, &reported)
			require.ErrorIs(d, err, endpoint.ErrExited)
		}
		for range 3 {
			p.send(`42["exit"]`, `42["x"]`)
		}
		require.Equal(d, "exit", reported.Event)
		require.Contains(d, string(reported.Stack), "TestGoexit")
		require.Equal(d, 3, heeded)
		require.NoError(d, d.manager.Shutdown(d.Context()))
		d.want("disconnect")
	})
}

func TestGoexitInAuth(t *testing.T) {
	play(t, &Options{Auth: func(context.Context) (any, error) { runtime.Goexit(); return nil, nil }}, func(d *dialogue) {
		connect := d.connect(d.quiet())
		p := d.accept()
		require.ErrorIs(d, connect.result(), endpoint.ErrExited)
		p.wantClosed()
	})
}

// A socket that is closed before its namespace is confirmed ends what it has asked.
func TestCloseOfASocketBeforeItIsConfirmed(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		keep, s := d.quiet(), d.socket("/n")
		p := d.connected(keep)
		connect := d.connect(s)
		request := d.start(func() error { _, err := s.Request(context.Background(), "r"); return err })
		require.NoError(d, s.Close())
		var ended *DisconnectError
		require.ErrorAs(d, connect.result(), &ended)
		require.ErrorAs(d, request.result(), &ended)
		p.send(`40/n,{"sid":"n"}`)
		p.want("40/n,", "41/n,")
		d.want()
	})
}

func TestCloseDuringAnAttempt(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		connect := d.connect(d.quiet())
		require.NoError(d, d.manager.Close())
		require.ErrorIs(d, connect.result(), ErrClosed)
	})
	play(t, &Options{Platform: failing()}, func(d *dialogue) {
		connect := d.connect(d.quiet())
		require.NoError(d, d.manager.Close(), "in the delay before an attempt")
		require.ErrorIs(d, connect.result(), ErrClosed)
	})
}
