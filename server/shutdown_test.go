package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/socketio/event"
)

func TestShutdownInOrder(t *testing.T) {
	r, reasons := echoing(t, nil)
	c, id := r.join("/")
	s := r.socket(id)
	query := r.poll()
	r.http("POST", query, "40")
	r.http("GET", query, "")
	for i := range 500 {
		require.NoError(t, s.Emit("n", i))
	}
	done := make(chan error, 1)
	go func() { done <- r.Shutdown(r.ctx) }()
	for i := range 500 {
		c.want(`42["n",` + strconv.Itoa(i) + `]`)
	}
	c.wantClosed() // without a DISCONNECT packet: the client shall come back
	_, body := r.http("GET", query, "")
	require.Equal(t, "1", body)
	require.NoError(t, await(r, done))
	for range 2 {
		require.Equal(t, event.ServerShuttingDown, await(r, reasons))
	}
	var gone *event.DisconnectError
	require.ErrorAs(t, context.Cause(s.Context()), &gone)
	require.Equal(t, event.ServerShuttingDown, gone.Reason)
	status, _ := r.http("GET", "transport=polling", "")
	require.Equal(t, 503, status)
}

func TestShutdownWaitsForHandlers(t *testing.T) {
	r := serve(t, nil)
	entered, leave, left := make(chan struct{}), make(chan struct{}), make(chan struct{})
	r.OnConnect(func(s *server.Socket) {
		s.On("work", func(context.Context, *event.Message) error {
			close(entered)
			<-leave
			close(left)
			return nil
		})
	})
	c, _ := r.join("/")
	c.send(`42["work"]`)
	await(r, entered)
	ctx, cancel := context.WithCancelCause(r.ctx)
	cancel(context.Canceled)
	require.ErrorIs(t, r.Shutdown(ctx), context.Canceled, "the handler is still there")
	done := make(chan error, 1)
	go func() { done <- r.Shutdown(r.ctx) }()
	close(leave)
	require.NoError(t, await(r, done))
	await(r, left)
}

// An administrator's event that stops the server must not wait for itself.
func TestCloseInAHandler(t *testing.T) {
	sio := server.New(nil)
	h := httptest.NewServer(sio)
	defer h.Close()
	r := &rig{t, sio, h.URL, t.Context()}
	closed, canceled := make(chan error, 1), make(chan error, 1)
	sio.OnConnect(func(s *server.Socket) {
		s.On("stop", func(ctx context.Context, _ *event.Message) error {
			closed <- sio.Close()
			<-ctx.Done()
			canceled <- context.Cause(ctx)
			return nil
		})
	})
	c, _ := r.join("/")
	c.send(`42["stop"]`)
	require.NoError(t, <-closed)
	require.Zero(t, sio.Stats().Connections)
	var gone *event.DisconnectError
	require.ErrorAs(t, <-canceled, &gone)
	require.Equal(t, event.ServerShuttingDown, gone.Reason)
	require.NoError(t, sio.Wait(t.Context()))
}

// Neither does a middleware that waits, of a socket that is not connected yet.
func TestCloseInAMiddleware(t *testing.T) {
	sio := server.New(nil)
	h := httptest.NewServer(sio)
	defer h.Close()
	r := &rig{t, sio, h.URL, t.Context()}
	closed := make(chan error, 1)
	sio.Use(func(ctx context.Context, _ *server.Socket) error {
		closed <- sio.Close()
		<-ctx.Done()
		return ctx.Err()
	})
	c := r.dial()
	c.send("40")
	require.NoError(t, <-closed)
	require.NoError(t, sio.Wait(t.Context()))
}

func TestShutdownInAHandlerEndsWithItsContext(t *testing.T) {
	sio := server.New(nil)
	h := httptest.NewServer(sio)
	defer h.Close()
	r := &rig{t, sio, h.URL, t.Context()}
	stopped := make(chan error, 1)
	sio.OnConnect(func(s *server.Socket) {
		s.On("stop", func(ctx context.Context, _ *event.Message) error {
			stopped <- sio.Shutdown(ctx) // which ends because the socket does
			return nil
		})
	})
	c, _ := r.join("/")
	c.send(`42["stop"]`)
	var gone *event.DisconnectError
	require.ErrorAs(t, <-stopped, &gone)
	require.NoError(t, sio.Wait(t.Context()))
}

func TestWait(t *testing.T) {
	r := serve(t, nil)
	entered, leave := make(chan struct{}), make(chan struct{})
	r.OnConnect(func(s *server.Socket) {
		s.On("work", func(context.Context, *event.Message) error {
			close(entered)
			<-leave
			return nil
		})
	})
	c, _ := r.join("/")
	c.send(`42["work"]`)
	await(r, entered)
	require.NoError(t, r.Server.Close())
	ctx, cancel := context.WithCancel(r.ctx)
	cancel()
	require.ErrorIs(t, r.Wait(ctx), context.Canceled)
	close(leave)
	require.NoError(t, r.Wait(r.ctx))
}

// stubborn is an adapter that fails to close.
type stubborn struct{ adapter.Adapter }

var errStubborn = errors.New("stubborn")

func (stubborn) Close(context.Context) error { return errStubborn }

func TestErrorOfAnAdapter(t *testing.T) {
	sio := server.New(&server.Options{Adapter: func(adapter.Host) (adapter.Adapter, error) { return stubborn{}, nil }})
	require.ErrorIs(t, sio.Shutdown(context.Background()), errStubborn)
	require.ErrorIs(t, sio.Close(), errStubborn)
}

func TestCloseWhileClientsComeAndTalk(t *testing.T) {
	r, _ := echoing(t, nil)
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	stopped := make(chan struct{})
	const clients = 8
	for range clients {
		c := r.dial()
		go func() {
			defer func() { stopped <- struct{}{} }()
			for c.conn.Write(ctx, message("40"), message(`420["a",1]`), message("41")) == nil {
				if _, err := c.conn.Read(ctx); err != nil {
					return
				}
			}
		}()
	}
	require.NoError(t, r.Server.Close())
	for range clients {
		await(r, stopped)
	}
	require.Zero(t, r.Stats().Connections)
}

// Sessions that are abandoned in every state leave nothing behind. That no goroutine
// is left either is what TestMain looks at.
func TestNothingIsLeftBehind(t *testing.T) {
	r, _ := echoing(t, nil)
	for i := range 200 {
		switch c := r.dial(); i % 4 {
		case 0:
			c.conn.Close(0, "")
		case 1:
			c.send("40")
			c.conn.Close(0, "")
		case 2:
			c.join("/")
			c.conn.Close(0, "")
		case 3:
			c.send("garbage")
			c.wantClosed()
		}
	}
	require.Eventually(t, func() bool {
		return r.Stats().Connections == 0 && len(r.Sockets()) == 0
	}, patience, time.Millisecond)
}

// A client that got its close frame and does not hang up is waited for, too.
func TestShutdownWaitsForClientsToHangUp(t *testing.T) {
	r := serve(t, nil)
	c := r.tcp()
	c.upgrade(ask, "")
	require.Equal(t, 101, c.status())
	_, err := c.reader.Peek(3) // the session's handshake
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- r.Shutdown(ctx) }()
	c.wantEOF()
	cancel()
	require.ErrorIs(t, await(r, done), context.Canceled)
	require.NoError(t, r.Shutdown(r.ctx), "nothing is left")
}

// A client whose middleware is at work when the server shuts down is not connected
// any more.
func TestShutdownDuringMiddleware(t *testing.T) {
	r := serve(t, nil)
	entered, happened := make(chan struct{}), make(chan string, 8)
	r.Use(func(ctx context.Context, s *server.Socket) error {
		close(entered)
		<-ctx.Done()
		happened <- fmt.Sprint("middleware: ", context.Cause(ctx))
		return nil
	})
	r.OnConnect(func(*server.Socket) { happened <- "connected" })
	query := r.poll()
	r.http("POST", query, "40")
	await(r, entered)

	ctx, cancel := context.WithCancel(r.ctx) // the client does not poll
	done := make(chan error, 1)
	go func() { done <- r.Shutdown(ctx) }()
	require.Equal(t, "middleware: event: disconnected: server shutting down", await(r, happened))
	cancel()
	require.ErrorIs(t, await(r, done), context.Canceled)
	require.NoError(t, r.Wait(r.ctx))
	require.Empty(t, happened)
}
