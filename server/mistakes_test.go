package server_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

// rotten is an error whose methods fail.
type rotten struct{ err error }

func (r *rotten) Error() string { return r.err.Error() }
func (r *rotten) Unwrap() error { return r.err }

// mistakes are what a function given to the server may do.
var mistakes = map[string]func(sio *server.Server) error{
	"panic":                   func(*server.Server) error { panic("boom") },
	"panic of a typed nil":    func(*server.Server) error { panic((*rotten)(nil)) },
	"Goexit":                  func(*server.Server) error { runtime.Goexit(); return nil },
	"typed nil error":         func(*server.Server) error { return (*rotten)(nil) },
	"typed nil ConnectError":  func(*server.Server) error { return (*server.ConnectError)(nil) },
	"typed nil HandlerError":  func(*server.Server) error { return (*event.HandlerError)(nil) },
	"typed nil AckError":      func(*server.Server) error { return (*event.AckError)(nil) },
	"error that panics":       func(*server.Server) error { return &rotten{} },
	"refusal that panics":     func(*server.Server) error { return &server.ConnectError{Message: "no", Data: explosive{}} },
	"answer that panics":      func(*server.Server) error { return &event.AckError{Message: "no", Data: explosive{}} },
	"disconnecting":           func(sio *server.Server) error { return sio.DisconnectSockets(true) },
	"emitting what cannot be": func(sio *server.Server) error { return sio.Emit("x", explosive{}) },
	"emitting":                func(sio *server.Server) error { return sio.Emit("x") },
	"waiting, with a context": func(sio *server.Server) error { return sio.Wait(over()) },
	"a nil handler":           func(sio *server.Server) error { sio.OnConnect(nil); return nil },
	"shutting down":           func(sio *server.Server) error { return sio.Shutdown(over()) },
	"shutting down, with a while": func(sio *server.Server) error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		return sio.Shutdown(ctx)
	},
	"closing": func(sio *server.Server) error { return sio.Close() },
}

func over() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// logs is a slog.Handler.
type logs func()

func (logs) Enabled(context.Context, slog.Level) bool     { return true }
func (fn logs) Handle(context.Context, slog.Record) error { fn(); return nil }
func (fn logs) WithAttrs([]slog.Attr) slog.Handler        { return fn }
func (fn logs) WithGroup(string) slog.Handler             { return fn }

// hooks are the functions that a program may give to the server, each of which does the mistake.
var hooks = map[string]func(o *server.Options, err func() error) (install func(sio *server.Server)){
	"AllowRequest": func(o *server.Options, do func() error) func(*server.Server) {
		o.AllowRequest = func(*http.Request) error { return do() }
		return nil
	},
	"Logger": func(o *server.Options, do func() error) func(*server.Server) {
		o.Logger = slog.New(logs(func() { _ = do() }))
		return failing
	},
	"OnError": func(o *server.Options, do func() error) func(*server.Server) {
		o.OnError = func(*server.Socket, error) { _ = do() }
		return failing
	},
	"Use": func(_ *server.Options, do func() error) func(*server.Server) {
		return func(sio *server.Server) {
			sio.Use(func(context.Context, *server.Socket) error { return do() })
		}
	},
	"OnConnect": func(_ *server.Options, do func() error) func(*server.Server) {
		return func(sio *server.Server) { sio.OnConnect(func(*server.Socket) { _ = do() }) }
	},
	"OnDisconnecting": func(_ *server.Options, do func() error) func(*server.Server) {
		return func(sio *server.Server) {
			sio.OnConnect(func(s *server.Socket) { s.OnDisconnecting(func(event.Reason) { _ = do() }) })
		}
	},
	"OnDisconnect": func(_ *server.Options, do func() error) func(*server.Server) {
		return func(sio *server.Server) {
			sio.Use(func(_ context.Context, s *server.Socket) error {
				s.OnDisconnect(func(event.Reason) { _ = do() })
				return nil
			})
		}
	},
	"On": func(_ *server.Options, do func() error) func(*server.Server) {
		return func(sio *server.Server) {
			sio.OnConnect(func(s *server.Socket) { s.On("x", func(context.Context, *event.Message) error { return do() }) })
		}
	},
	"OnAny": func(_ *server.Options, do func() error) func(*server.Server) {
		return func(sio *server.Server) {
			sio.OnConnect(func(s *server.Socket) { s.OnAny(func(context.Context, *event.Message) error { return do() }) })
		}
	},
}

// failing makes every handler and middleware fail.
func failing(sio *server.Server) {
	sio.OnConnect(func(s *server.Socket) {
		s.On("x", func(context.Context, *event.Message) error { return errors.New("sorry") })
	})
}

// Every function of a Trace is a hook.
func init() {
	for field := range reflect.TypeFor[server.Trace]().Fields() {
		hooks["Trace."+field.Name] = func(_ *server.Options, do func() error) func(*server.Server) {
			return func(sio *server.Server) {
				trace := new(server.Trace)
				reflect.ValueOf(trace).Elem().FieldByIndex(field.Index).Set(reflect.MakeFunc(field.Type, func([]reflect.Value) (out []reflect.Value) {
					_ = do()
					for i := range field.Type.NumOut() {
						out = append(out, reflect.Zero(field.Type.Out(i)))
					}
					return out
				}))
				sio.AddTrace(trace)
				sio.OnConnect(func(s *server.Socket) {
					s.Join("room")
					_ = s.Emit("hello")
					_ = s.Volatile().Emit("hello") // no GET waits
				})
				sio.Of("/refused").Use(func(context.Context, *server.Socket) error { return errors.New("sorry") })
			}
		}
	}
	hooks["Trace.Handling's end"] = func(_ *server.Options, do func() error) func(*server.Server) {
		return func(sio *server.Server) {
			sio.AddTrace(&server.Trace{Handling: func(ctx context.Context, _ *server.Socket, _ *event.Message) (context.Context, func(error)) {
				return ctx, func(error) { _ = do() }
			}})
		}
	}
}

// A mistake in any function harms no other client, and holds up neither Close nor Wait.
func TestMistakes(t *testing.T) {
	for hook, prepare := range hooks {
		for mistake, commit := range mistakes {
			t.Run(hook+"/"+mistake, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var sio *server.Server
					var calls atomic.Int32
					var off atomic.Bool
					var o server.Options
					install := prepare(&o, func() error {
						if off.Load() {
							return nil
						}
						if calls.Add(1) > 3 {
							return nil // where one mistake is the cause of another
						}
						return commit(sio)
					})
					sio = server.New(&o)
					if install != nil {
						install(sio)
					}
					sio.OnConnect(func(s *server.Socket) {
						s.On("echo", func(_ context.Context, m *event.Message) error { return m.Ack("echo") })
					})

					stray := make(chan struct{})
					go func() { // whose goroutine the hook may end
						defer close(stray)
						(&door{Server: sio, query: "&sid=unknown"}).do("GET", "")
					}()
					<-stray
					visit(sio, "40", "40/nowhere,", "40/refused,", `420["x"]`)
					off.Store(true)
					if !strings.HasPrefix(mistake, "shutting") && mistake != "closing" {
						require.Contains(t, visit(sio, "40", `420["echo"]`), `430["echo"]`)
					}
					require.NoError(t, sio.Close())
					require.NoError(t, sio.Wait(t.Context()))
					if hook != "Trace.SessionUpgraded" { // which needs a WebSocket
						require.NotZero(t, calls.Load(), "it was not called")
					}
				})
			})
		}
	}
}

// visit is a client on polling that sends the packets, and closes the connection in the
// end. It returns all that it got.
func visit(sio *server.Server, packets ...string) (got string) {
	over := make(chan struct{})
	go func() { // whose goroutine a hook may end
		defer close(over)
		c := &door{Server: sio}
		handshake, status := c.do("GET", "")
		if status != 200 {
			return
		}
		c.query = sid(handshake)
		for _, p := range packets {
			done := make(chan struct{})
			go func() { defer close(done); c.do("POST", p) }()
			<-done
			synctest.Wait()
			done = make(chan struct{})
			go func() {
				defer close(done)
				body, _ := c.do("GET", "")
				got += body + "\n"
			}()
			synctest.Wait()
			select {
			case <-done:
			default: // nothing to get: a second GET would be an error, so the connection ends
				c.do("POST", "1")
				<-done
				return
			}
		}
		done := make(chan struct{})
		go func() { defer close(done); c.do("POST", "1") }()
		<-done
	}()
	<-over
	synctest.Wait()
	return got
}

// The same on a WebSocket, whose reader must not end without a word.
func TestMistakesOnWebSockets(t *testing.T) {
	for hook, prepare := range hooks {
		for _, mistake := range []string{"panic", "Goexit"} {
			t.Run(hook+"/"+mistake, func(t *testing.T) {
				var off atomic.Bool
				var o server.Options
				install := prepare(&o, func() error {
					if off.Load() {
						return nil
					}
					return mistakes[mistake](nil)
				})
				r := serve(t, &o)
				if install != nil {
					install(r.Server)
				}
				conn, err := transportnative.Platform(nil).Dialer.Dial(r.ctx, r.webSocketURL(), 0)
				if err == nil {
					_ = conn.Write(r.ctx, message("40"), message(`42["x"]`), message("42[]"))
					for err == nil {
						_, err = conn.Read(r.ctx)
					}
					conn.Close(0, "")
				}
				require.Eventually(t, func() bool { return r.Stats().Connections == 0 }, patience, time.Millisecond)
				off.Store(true)
				c, _ := r.join("/")
				c.send("41")
			})
		}
	}
}

// A run of the middleware that ends its goroutine refuses, as one that panics.
func TestGoexitInAMiddleware(t *testing.T) {
	var reported atomic.Pointer[error]
	r := serve(t, &server.Options{OnError: func(_ *server.Socket, err error) { reported.Store(&err) }})
	r.Use(func(context.Context, *server.Socket) error { runtime.Goexit(); return nil })
	c := r.dial()
	c.send("40")
	c.want(`44{"message":"Internal error"}`)
	c.wantWorks()
	require.Eventually(t, func() bool { return reported.Load() != nil }, patience, time.Millisecond)
	require.ErrorIs(t, *reported.Load(), endpoint.ErrExited)
}

// Only what a ConnectError says reaches the client.
func TestInternalErrorsAreNotTold(t *testing.T) {
	internal := errors.New("dial tcp 10.0.0.7:5432: connection refused")
	var reported atomic.Pointer[error]
	r := serve(t, &server.Options{OnError: func(_ *server.Socket, err error) { reported.Store(&err) }})
	r.Of("/plain").Use(func(context.Context, *server.Socket) error { return internal })
	r.Of("/wrapping").Use(func(context.Context, *server.Socket) error {
		return errors.Join(internal, &server.ConnectError{Message: "try later"})
	})
	c := r.dial()
	c.send("40/wrapping,")
	c.want(`44/wrapping,{"message":"try later"}`)
	require.Nil(t, reported.Load())
	c.send("40/plain,")
	c.want(`44/plain,{"message":"Internal error"}`)
	require.Eventually(t, func() bool { return reported.Load() != nil }, patience, time.Millisecond)
	require.ErrorIs(t, *reported.Load(), internal)
}

// A handler that ends its goroutine is one that failed, for a trace as well.
func TestTraceOfAHandlerThatExits(t *testing.T) {
	r := serve(t, nil)
	ends := make(chan error, 2)
	r.AddTrace(&server.Trace{Handling: func(ctx context.Context, _ *server.Socket, _ *event.Message) (context.Context, func(error)) {
		return ctx, func(err error) { ends <- err }
	}})
	r.OnConnect(func(s *server.Socket) {
		s.On("exit", func(context.Context, *event.Message) error { runtime.Goexit(); return nil })
		s.On("x", func(context.Context, *event.Message) error { return nil })
	})
	c, _ := r.join("/")
	c.send(`42["exit"]`, `42["x"]`)
	require.ErrorIs(t, await(r, ends), endpoint.ErrExited)
	require.NoError(t, await(r, ends))
}

// The functions of OnDisconnecting run first, and find the rooms as they were.
func TestOnDisconnectingFindsTheRooms(t *testing.T) {
	r := serve(t, nil)
	rooms := make(chan []string, 1)
	r.OnConnect(func(s *server.Socket) {
		s.Join("lobby")
		s.OnDisconnecting(func(event.Reason) {
			rooms <- s.Rooms()
			_ = s.To("lobby").Emit("leaves", s.ID())
		})
	})
	stays, _ := r.join("/")
	c, id := r.join("/")
	stays.send("40/unknown,") // so that its OnConnect has run
	stays.want(`44/unknown,{"message":"Invalid namespace"}`)
	require.Eventually(t, func() bool { return len(r.To("lobby").Sockets()) == 2 }, patience, time.Millisecond)
	c.send("41")
	require.ElementsMatch(t, []string{id, "lobby"}, await(r, rooms))
	stays.want(`42["leaves","` + id + `"]`)
}

func TestNilFunctionsAreRefused(t *testing.T) {
	sio := server.New(nil)
	defer sio.Close()
	for method, add := range map[string]func(){
		"Namespace.Use":       func() { sio.Use(nil) },
		"Namespace.OnConnect": func() { sio.OnConnect(nil) },
		"On":                  func() { sio.OnServer("x", nil) },
		"Server.AddTrace":     func() { sio.AddTrace(nil) },
	} {
		require.PanicsWithValue(t, "isosocket: "+method+" was given a nil function", add)
	}
	visited := make(chan struct{})
	sio.OnConnect(func(s *server.Socket) {
		defer close(visited)
		for method, add := range map[string]func(){
			"On":                     func() { s.On("x", nil) },
			"Once":                   func() { s.Once("x", nil) },
			"OnAny":                  func() { s.OnAny(nil) },
			"Socket.OnDisconnecting": func() { s.OnDisconnecting(nil) },
			"Socket.OnDisconnect":    func() { s.OnDisconnect(nil) },
		} {
			require.PanicsWithValue(t, "isosocket: "+method+" was given a nil function", add)
		}
	})
	c := &door{Server: sio}
	handshake, _ := c.do("GET", "")
	c.query = sid(handshake)
	c.do("POST", "40")
	<-visited
}

// broken is an adapter whose methods panic, but for Close, which does not return until it may.
type broken struct {
	adapter.Adapter
	closing chan struct{}
}

func (b broken) Close(context.Context) error { <-b.closing; return nil }

func TestBrokenAdapter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closing := make(chan struct{})
		sio := server.New(&server.Options{Adapter: func(adapter.Host) (adapter.Adapter, error) { return broken{nil, closing}, nil }})
		require.ErrorContains(t, sio.Emit("x"), "adapter")
		require.ErrorContains(t, sio.SocketsJoin("room"), "adapter")
		require.ErrorContains(t, sio.ServerEmit("x"), "adapter")
		require.Error(t, sio.Of("/").Sync(t.Context()))
		_, _, err := sio.Nodes(t.Context())
		require.Error(t, err)
		for _, err := range sio.Request(t.Context(), "x") {
			require.ErrorContains(t, err, "adapter")
		}
		require.Error(t, sio.Close())
		close(closing)
	})
	for name, fail := range map[string]func(){"panic": func() { panic("boom") }, "Goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			sio := server.New(&server.Options{Adapter: func(adapter.Host) (adapter.Adapter, error) { fail(); return nil, nil }})
			require.ErrorContains(t, sio.Emit("x"), "adapter")
			require.NoError(t, sio.Close())
		})
	}
}
