package socketio

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/transporttest"
)

// rotten is an error whose methods fail.
type rotten struct{ err error }

func (r *rotten) Error() string { return r.err.Error() }
func (r *rotten) Unwrap() error { return r.err }

// explosive fails when it is encoded and when it is decoded.
type explosive struct{}

func (explosive) MarshalJSON() ([]byte, error) { panic("boom") }
func (*explosive) UnmarshalJSON([]byte) error  { panic("boom") }

// mistakes are what a function given to the client may do.
var mistakes = map[string]func(s *Socket) error{
	"panic":                   func(*Socket) error { panic("boom") },
	"panic of a typed nil":    func(*Socket) error { panic((*rotten)(nil)) },
	"Goexit":                  func(*Socket) error { runtime.Goexit(); return nil },
	"error":                   func(*Socket) error { return errors.New("sorry") },
	"typed nil error":         func(*Socket) error { return (*rotten)(nil) },
	"typed nil ConnectError":  func(*Socket) error { return (*ConnectError)(nil) },
	"typed nil AckError":      func(*Socket) error { return (*AckError)(nil) },
	"error that panics":       func(*Socket) error { return &rotten{} },
	"answer that panics":      func(*Socket) error { return &AckError{Message: "no", Data: explosive{}} },
	"a nil handler":           func(s *Socket) error { s.OnConnect(nil); return nil },
	"emitting":                func(s *Socket) error { return s.Emit("y") },
	"emitting what cannot be": func(s *Socket) error { return s.Emit("y", explosive{}) },
	"asking": func(s *Socket) error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := s.Request(ctx, "question")
		return err
	},
	"disconnecting":           func(s *Socket) error { s.Disconnect(); return nil },
	"connecting again":        func(s *Socket) error { s.Disconnect(); return s.Connect(over()) },
	"waiting, with a context": func(s *Socket) error { return s.Wait(over()) },
	"closing":                 func(s *Socket) error { return s.Close() },
	"closing, then asking": func(s *Socket) error {
		s.Close()
		_, err := s.Request(context.Background(), "question")
		return err
	},
	"shutting down": func(s *Socket) error { return s.Shutdown(over()) },
	"shutting down, with a while": func(s *Socket) error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		return s.Shutdown(ctx)
	},
}

func over() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// hooks are the functions that a program may give to the client, each of which does the mistake.
var hooks = map[string]func(o *Options, do func() error) (install func(s *Socket)){
	"Auth": func(o *Options, do func() error) func(*Socket) {
		o.Auth = func(context.Context) (any, error) { return nil, do() }
		return nil
	},
	"Auth's payload": func(o *Options, do func() error) func(*Socket) {
		o.Auth = func(context.Context) (any, error) { return marshaler(do), nil }
		return nil
	},
	"OnError": func(o *Options, do func() error) func(*Socket) {
		o.OnError = func(error) { _ = do() }
		return func(s *Socket) { s.On("x", func(context.Context, *Message) error { return errors.New("sorry") }) }
	},
	"Dialer": func(o *Options, do func() error) func(*Socket) {
		inner := o.Platform.Dialer
		o.Platform.Dialer = transporttest.DialFunc(func(ctx context.Context, url string, max int) (transport.Conn, error) {
			if err := do(); err != nil {
				return nil, err
			}
			return inner.Dial(ctx, url, max)
		})
		return nil
	},
	"On": func(_ *Options, do func() error) func(*Socket) {
		return func(s *Socket) { s.On("x", func(context.Context, *Message) error { return do() }) }
	},
	"OnAny": func(_ *Options, do func() error) func(*Socket) {
		return func(s *Socket) { s.OnAny(func(context.Context, *Message) error { return do() }) }
	},
	"Decode": func(_ *Options, do func() error) func(*Socket) {
		return func(s *Socket) {
			s.On("x", func(_ context.Context, m *Message) error {
				_ = do()
				return m.Decode(new(explosive))
			})
		}
	},
	"OnConnect": func(_ *Options, do func() error) func(*Socket) {
		return func(s *Socket) { s.OnConnect(func() { _ = do() }) }
	},
	"OnConnect, once": func(_ *Options, do func() error) func(*Socket) {
		return func(s *Socket) {
			var off func()
			off = s.OnConnect(func() { off(); _ = do() })
		}
	},
	"OnConnectError": func(o *Options, do func() error) func(*Socket) {
		var asked atomic.Bool
		o.Auth = func(context.Context) (any, error) {
			if !asked.Swap(true) {
				return nil, errors.New("ask again")
			}
			return nil, nil
		}
		return func(s *Socket) { s.OnConnectError(func(error) { _ = do() }) }
	},
	"OnDisconnect": func(_ *Options, do func() error) func(*Socket) {
		return func(s *Socket) { s.OnDisconnect(func(Reason, error) { _ = do() }) }
	},
}

type marshaler func() error

func (m marshaler) MarshalJSON() ([]byte, error) { return []byte("{}"), m() }

// Every function of a Trace is a hook.
func init() {
	for field := range reflect.TypeFor[Trace]().Fields() {
		hooks["Trace."+field.Name] = func(_ *Options, do func() error) func(*Socket) {
			return func(s *Socket) {
				trace := new(Trace)
				reflect.ValueOf(trace).Elem().FieldByIndex(field.Index).Set(reflect.MakeFunc(field.Type, func([]reflect.Value) (out []reflect.Value) {
					_ = do()
					for i := range field.Type.NumOut() {
						out = append(out, reflect.Zero(field.Type.Out(i)))
					}
					return out
				}))
				s.manager.AddTrace(trace)
				_ = s.Volatile().Emit("y") // is dropped
			}
		}
	}
}

// never are the hooks that the test makes nothing happen for.
var never = []string{"Trace.SessionUpgraded", "Trace.UpgradeFailed", "Trace.GaveUp", "Trace.ConnectFailed"}

// A mistake in any function ends neither the program nor the socket's life, and holds up
// neither Close nor Wait.
func TestMistakes(t *testing.T) {
	for hook, prepare := range hooks {
		for mistake, commit := range mistakes {
			t.Run(hook+"/"+mistake, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					listener := transporttest.Listen(0)
					var s *Socket
					var calls atomic.Int32
					var off atomic.Bool
					o := Options{Platform: transport.Platform{Dialer: listener}}
					install := prepare(&o, func() error {
						if off.Load() {
							return nil
						}
						if calls.Add(1) > 3 {
							return nil // where one mistake is the cause of another
						}
						return commit(s)
					})
					m, err := NewManager("http://server/", &o)
					require.NoError(t, err)
					s, err = m.Socket("/", nil)
					require.NoError(t, err)
					s.owner = true // as of New
					if install != nil {
						install(s)
					}
					stop := generous(t, listener)

					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					_ = s.Connect(ctx)
					_ = s.Emit("y")
					time.Sleep(time.Minute) // the server has closed the connection meanwhile
					off.Store(true)
					if !strings.HasPrefix(mistake, "closing") && !strings.HasPrefix(mistake, "shutting") {
						require.NoError(t, s.Connect(t.Context()))
						_, err := s.Request(t.Context(), "question")
						require.NoError(t, err)
					}
					require.NoError(t, m.Shutdown(t.Context()))
					if !slices.Contains(never, hook) {
						require.NotZero(t, calls.Load(), "it was not called")
					}
					stop()
				})
			})
		}
	}
}

// generous is a server that sends an event and a ping on every connection, and answers questions. It closes
// the first one.
func generous(t *testing.T, listener *transporttest.Listener) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for first := true; ; first = false {
			conn, _, err := listener.Accept(ctx)
			if err != nil {
				return
			}
			go serveGenerously(ctx, conn, first)
		}
	}()
	return func() { cancel(); <-ended }
}

func serveGenerously(ctx context.Context, conn transport.Conn, first bool) {
	defer conn.Close(0, "")
	send := func(texts ...string) {
		for _, text := range texts {
			_ = conn.Write(ctx, textMessage(text))
		}
	}
	send(`0{"sid":"engine","upgrades":[],"pingInterval":2500000,"pingTimeout":2000000,"maxPayload":1000000}`)
	for {
		m, err := conn.Read(ctx)
		if err != nil {
			return
		}
		text := string(m.Data)
		switch name, _, _ := strings.Cut(text, "["); {
		case strings.HasPrefix(text, "40"):
			send(`40{"sid":"socket"}`, "2", `42["x",1]`, `427["x",1]`)
			if first {
				go func() {
					select {
					case <-time.After(10 * time.Second):
						conn.Close(0, "")
					case <-ctx.Done():
					}
				}()
			}
		case strings.Contains(text, "question"):
			send("43" + name[2:] + "[]")
		}
	}
}

// What a type's own method panics with is an error for who encodes or decodes.
func TestPanicsOfTypes(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		s.On("x", func(_ context.Context, m *Message) error {
			var wrong *event.DecodeError
			require.ErrorAs(d, m.Decode(new(explosive)), &wrong)
			require.ErrorContains(d, m.Ack(explosive{}), "boom")
			return m.Ack("instead")
		})
		require.ErrorContains(d, s.Emit("x", explosive{}), "boom")
		_, err := s.Request(d.Context(), "x", explosive{})
		require.ErrorContains(d, err, "boom")
		p := d.connected(s)
		p.send(`420["x",1]`)
		p.want(`430["instead"]`)
	})
}

func TestNilFunctionsAreRefused(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		for method, add := range map[string]func(){
			"On":                    func() { s.On("x", nil) },
			"Once":                  func() { s.Once("x", nil) },
			"OnAny":                 func() { s.OnAny(nil) },
			"Socket.OnConnect":      func() { s.OnConnect(nil) },
			"Socket.OnConnectError": func() { s.OnConnectError(nil) },
			"Socket.OnDisconnect":   func() { s.OnDisconnect(nil) },
			"Manager.AddTrace":      func() { d.manager.AddTrace(nil) },
		} {
			require.PanicsWithValue(d, "isosocket: "+method+" was given a nil function", add)
		}
		require.PanicsWithValue(d, "event: Event.On was given a nil function", func() { event.New[int]("x").On(s, nil) })
		require.PanicsWithValue(d, "event: Call.Handle was given a nil function", func() { event.NewCall[int, int]("x").Handle(s, nil) })
	})
}
