package socketio

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestConnect(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.socket("/")
		require.False(d, s.Active())
		d.wantNoDial()
		require.ErrorIs(d, context.Cause(s.Context()), errNotConnected)

		first, second := d.connect(s), d.connect(s)
		require.True(d, s.Active())
		p := d.accept()
		p.want("40")
		first.wantWaiting()
		require.False(d, s.Connected())
		require.Empty(d, s.ID())
		p.send(`40{"sid":"abc"}`)
		require.NoError(d, first.result())
		require.NoError(d, second.result())
		require.True(d, s.Connected())
		require.Equal(d, "abc", s.ID())
		require.NoError(d, s.Context().Err())
		require.NoError(d, s.Connect(d.Context()))
		d.wantNoDial()
		d.want("connect")
		p.want()
	})
}

func TestConnectWhoseContextIsOver(t *testing.T) {
	t.Run("before there is a connection", func(t *testing.T) {
		opts := noJitter
		opts.Platform = failing()
		play(t, &opts, func(d *dialogue) {
			s := d.quiet()
			ctx, cancel := context.WithTimeout(d.Context(), 10*time.Second)
			defer cancel()
			err := s.Connect(ctx)
			require.ErrorIs(d, err, context.DeadlineExceeded)
			require.ErrorIs(d, err, errNetwork)
			require.EqualError(d, err, "socketio: connect to /: context deadline exceeded: engineio: open websocket: network unreachable")
			require.False(d, s.Active())
		})
	})
	t.Run("while the namespace is joined", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			s := d.quiet()
			ctx, cancel := context.WithCancelCause(d.Context())
			connect := d.start(func() error { return s.Connect(ctx) })
			p := d.accept()
			p.want("40")
			cause := errors.New("had enough")
			cancel(cause)
			require.ErrorIs(d, connect.result(), cause)
			require.ErrorIs(d, connect.err, errNoConnectAnswer)
			p.wantClosed()
		})
	})
	t.Run("that of another call goes on", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			s := d.quiet()
			first := d.connect(s)
			ctx, cancel := context.WithCancel(d.Context())
			second := d.start(func() error { return s.Connect(ctx) })
			cancel()
			require.ErrorIs(d, second.result(), context.Canceled)
			first.wantWaiting()
			d.accept().send(`40{"sid":"a"}`)
			require.NoError(d, first.result())
		})
	})
	t.Run("that of the call that began it", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			s := d.quiet()
			ctx, cancel := context.WithCancel(d.Context())
			first := d.start(func() error { return s.Connect(ctx) })
			second := d.connect(s)
			cancel()
			require.ErrorIs(d, first.result(), context.Canceled)
			second.wantWaiting()
			d.accept().send(`40{"sid":"a"}`)
			require.NoError(d, second.result())
		})
	})
	t.Run("a call that joins the wait", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			s := d.quiet()
			ctx, cancel := context.WithCancel(d.Context())
			first := d.start(func() error { return s.Connect(ctx) })
			cancel()
			require.ErrorIs(d, first.result(), context.Canceled)
			second := d.connect(s) // begins anew
			d.accept().send(`40{"sid":"a"}`)
			require.NoError(d, second.result())
		})
	})
	t.Run("reconnection goes on", func(t *testing.T) {
		play(t, &noJitter, func(d *dialogue) {
			s := d.quiet()
			d.connected(s).conn.Drop()
			synctest.Wait()
			ctx, cancel := context.WithCancel(d.Context())
			cancel()
			require.ErrorIs(d, s.Connect(ctx), context.Canceled)
			require.True(d, s.Active())
			time.Sleep(time.Second)
			d.connectedAgain()
		})
	})
	t.Run("a result that is there counts", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			s := d.quiet()
			d.connected(s)
			ctx, cancel := context.WithCancel(d.Context())
			cancel()
			for range 100 {
				require.NoError(d, s.Connect(ctx))
			}
		})
	})
}

// Three callers leave after one, two and three seconds, in all orders, while the network
// fails, the server is silent, or it answers in between.
func TestCallersOfConnect(t *testing.T) {
	for _, order := range [][3]time.Duration{{1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}} {
		for _, test := range []struct {
			name  string
			joins time.Duration // when the server confirms, in half seconds; 0 means never
		}{
			{"no connection", 0},
			{"failures", 0},
			{"silence", 0},
			{"an answer to all", 1},
			{"an answer to two", 3},
			{"an answer to one", 5},
			{"an answer to none", 7},
		} {
			t.Run(fmt.Sprint(test.name, order), func(t *testing.T) {
				play(t, &noJitter, func(d *dialogue) {
					s := d.quiet()
					if test.name == "failures" {
						d.answering(errNetwork, errNetwork, errNetwork, errNetwork)
					}
					var calls []*attempt
					for _, seconds := range order {
						ctx, cancel := context.WithTimeout(d.Context(), seconds*time.Second)
						defer cancel()
						calls = append(calls, d.start(func() error { return s.Connect(ctx) }))
					}
					if test.name == "silence" {
						d.accept()
					}
					joined := false
					for half := time.Duration(1); half <= 8; half++ {
						time.Sleep(time.Second / 2)
						synctest.Wait()
						if half == test.joins && half < 6 {
							d.accept().send(`40{"sid":"a"}`)
							joined = true
						}
						for i, call := range calls {
							switch {
							case order[i] <= half/2 && (test.joins == 0 || 2*order[i] < test.joins):
								require.ErrorIs(d, call.result(), context.DeadlineExceeded)
							case joined:
								require.NoError(d, call.result())
							default:
								call.wantWaiting()
							}
						}
						require.Equal(d, joined || half < 6, s.Active(), "after %d half seconds", half)
					}
					if !joined {
						d.wantNoDial()
					}
				})
			})
		}
	}
}

func TestRefusedNamespace(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.socket("/admin")
		connect := d.connect(s)
		p := d.accept()
		p.want("40/admin,")
		p.send(`44/admin,{"message":"not you","data":{"code":42}}`)
		err := connect.result()
		require.EqualError(d, err, "socketio: connect to /admin: event: connection to namespace /admin refused: not you")
		var refused *ConnectError
		require.ErrorAs(d, err, &refused)
		require.Equal(d, "/admin", refused.Namespace)
		require.Equal(d, "not you", refused.Message)
		var data struct{ Code int }
		require.NoError(d, refused.Decode(&data))
		require.Equal(d, 42, data.Code)
		d.want("/admin connect error: event: connection to namespace /admin refused: not you")
		require.False(d, s.Active())
		p.wantClosed() // nobody needs it
		time.Sleep(time.Hour)
		d.wantNoDial()
	})
}

// A server that has confirmed a namespace and refuses it then has ended the connection.
func TestRefusedAfterAll(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		p := d.connected(d.quiet()) // keeps the connection
		s := d.socket("/n")
		connect := d.connect(s)
		p.send(`40/n,{"sid":"a"}`)
		require.NoError(d, connect.result())
		var cause error
		s.OnDisconnect(func(_ Reason, err error) { cause = err })
		r := d.request(d.Context(), s, "x")
		ctx := s.Context()
		p.send(`44/n,{"message":"no longer"}`, `44/n,{"message":"again"}`)
		for _, err := range []error{cause, r.result(), context.Cause(ctx)} {
			var refused *ConnectError
			require.ErrorAs(d, err, &refused)
			require.Equal(d, "no longer", refused.Message)
		}
		d.want("/n connect", "/n disconnect: io server disconnect")
		require.False(d, s.Active())
		p.want("40/n,", `42/n,0["x"]`)
		p.wantOpen()
	})
}

func TestConfirmedTwice(t *testing.T) {
	for _, second := range []string{`40{"sid":"again"}`, `40{"sid":"first"}`} {
		play(t, &noJitter, func(d *dialogue) {
			s := d.socket("/")
			p := d.connected(s)
			var cause error
			s.OnDisconnect(func(_ Reason, err error) { cause = err })
			r := d.request(d.Context(), s, "x")
			p.send(second)
			d.want("connect", "disconnect: parse error")
			require.ErrorIs(d, cause, errConfirmedTwice)
			require.ErrorIs(d, r.result(), errConfirmedTwice)
			p.wantClosed()
			time.Sleep(time.Second)
			d.connectedAgain()
		})
	}
}

func TestHostileAnswerToConnect(t *testing.T) {
	for answer, says := range map[string]string{
		`40{"sid":5}`:            "parse error: ",
		`40{"sid":["a"]}`:        "parse error: ",
		`40{"sid":"a","pid":{}}`: "parse error: ",
		`40[]`:                   "parse error: ",
		`40{"sid"`:               "parse error: ",
		"binary \x85":            "parse error: socketio: ended before the server answered CONNECT, as one with another parser does: parser: binary message",
	} {
		play(t, &noJitter, func(d *dialogue) {
			s := d.quiet()
			var failure error
			s.OnConnectError(func(err error) { failure = err })
			connect := d.connect(s)
			p := d.accept()
			r := d.request(d.Context(), s, "x")
			p.send(answer)
			require.ErrorContains(d, failure, "event: disconnected: "+says)
			p.wantClosed()
			connect.wantWaiting()
			r.wantWaiting()
			time.Sleep(time.Second)
			d.connectedAgain()
		})
	}
}

// A server with another parser makes nothing of CONNECT and hangs up.
func TestEndInPlaceOfAnAnswer(t *testing.T) {
	for hint, end := range map[string]func(p *peer){
		"as one with another parser does": func(p *peer) { p.conn.Close(0, "") },
		"as one with another parser":      func(p *peer) { p.send("1") },
		"":                                func(p *peer) { p.conn.Drop() }, // which the network does
	} {
		play(t, &noJitter, func(d *dialogue) {
			s := d.quiet()
			var failure error
			s.OnConnectError(func(err error) { failure = err })
			d.connect(s)
			p := d.accept()
			end(p)
			synctest.Wait()
			require.Equal(d, hint != "", errors.Is(failure, errUnanswered), "%v", failure)
			require.ErrorContains(d, failure, hint)
			time.Sleep(time.Second)
			d.connectedAgain()
			d.quiet().Disconnect()
		})
	}
}

func TestNamespacesShareAConnection(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		root, chat, admin := d.socket("/"), d.socket("/chat"), d.socket("/admin")
		for _, s := range []*Socket{root, chat, admin} {
			d.heed(s, "x")
		}
		connects := []*attempt{d.connect(root), d.connect(chat)}
		p := d.accept()
		p.want("40", "40/chat,")
		p.send(`40{"sid":"r"}`, `40/chat,{"sid":"c"}`)
		require.NoError(d, connects[0].result())
		require.NoError(d, connects[1].result())
		d.want("connect", "/chat connect")
		refused := d.connect(admin)
		d.wantNoDial()
		p.want("40/admin,")
		p.send(`44/admin,{"message":"no"}`)
		require.Error(d, refused.result())
		d.want("/admin connect error: event: connection to namespace /admin refused: no")

		p.send(`42/chat,["x","to chat"]`, `42["x","to root"]`, `42/admin,["x","to nobody"]`, `42/unknown,["x",1]`)
		d.want("x to chat", "x to root")
		require.NoError(d, chat.Emit("e", 1))
		require.NoError(d, root.Emit("e", 2))
		p.want(`42/chat,["e",1]`, `42["e",2]`)

		chat.Disconnect()
		p.want("41/chat,")
		d.want("/chat disconnect: io client disconnect")
		p.wantOpen()
		require.NoError(d, root.Emit("e", 3))
		p.want(`42["e",3]`)

		p.conn.Drop() // one that is active comes back
		d.want("disconnect: transport close")
		time.Sleep(time.Second)
		p = d.accept()
		p.want("40")
		p.send(`40{"sid":"r2"}`)
		d.want("connect")

		connect := d.connect(chat)
		p.want("40/chat,")
		p.send(`40/chat,{"sid":"c2"}`)
		require.NoError(d, connect.result())
		d.want("/chat connect")
		root.Disconnect()
		p.want("41")
		p.wantOpen()
		chat.Disconnect()
		p.want("41/chat,")
		p.wantClosed()
		d.want("disconnect: io client disconnect", "/chat disconnect: io client disconnect")
	})
}

func TestServerDisconnects(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.socket("/")
		p := d.connected(s)
		ctx := s.Context()
		p.send("41")
		d.want("connect", "disconnect: io server disconnect")
		require.False(d, s.Active())
		p.wantClosed()
		var ended *DisconnectError
		require.ErrorAs(d, context.Cause(ctx), &ended)
		require.Equal(d, ServerDisconnect, ended.Reason)
		time.Sleep(time.Hour)
		d.wantNoDial()
		d.connected(s)
		d.want("connect")
	})
}

func TestDisconnect(t *testing.T) {
	t.Run("sends what was emitted", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			s := d.socket("/")
			p := d.connected(s)
			require.NoError(d, s.Emit("last", "words"))
			s.Disconnect()
			p.want(`42["last","words"]`, "41")
			p.wantClosed()
			d.want("connect", "disconnect: io client disconnect")
			require.Error(d, s.Context().Err())
			s.Disconnect()
			d.want()
		})
	})
	t.Run("before anything", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			d.quiet().Disconnect()
			d.wantNoDial()
		})
	})
	t.Run("while dialing", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			s := d.quiet()
			connect := d.connect(s)
			s.Disconnect()
			var ended *DisconnectError
			require.ErrorAs(d, connect.result(), &ended)
			require.Equal(d, ClientDisconnect, ended.Reason)
			d.wantNoDial()
		})
	})
	t.Run("in the delay before an attempt", func(t *testing.T) {
		play(t, &noJitter, func(d *dialogue) {
			s := d.quiet()
			d.connected(s).conn.Drop()
			synctest.Wait()
			s.Disconnect()
			time.Sleep(time.Hour)
			d.wantNoDial()
			require.False(d, s.Active())
		})
	})
	t.Run("and connect at once", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			s := d.quiet()
			p := d.connected(s)
			s.Disconnect()
			connect := d.connect(s)
			p.want("41")
			p.wantClosed()
			p = d.accept() // without a delay
			p.want("40")
			p.send(`40{"sid":"b"}`)
			require.NoError(d, connect.result())
		})
	})
	t.Run("in a handler", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			s := d.socket("/")
			d.heed(s, "x")
			s.On("bye", func(context.Context, *Message) error { s.Disconnect(); return nil })
			p := d.connected(s)
			p.send(`42["bye"]`)
			d.want("connect", "disconnect: io client disconnect")
			p.wantClosed()
		})
	})
}

// A server takes DISCONNECT before it has confirmed the namespace for a
// violation.
func TestDisconnectBeforeTheAnswerToConnect(t *testing.T) {
	t.Run("leaves after it", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			p := d.connected(d.quiet()) // keeps the connection
			s := d.socket("/n")
			connect := d.connect(s)
			s.Disconnect()
			require.Error(d, connect.result())
			p.want("40/n,")
			p.send(`40/n,{"sid":"n"}`)
			p.want("41/n,")
			require.False(d, s.Connected())
			d.want()
			connect = d.connect(s)
			p.want("40/n,")
			p.send(`40/n,{"sid":"n2"}`)
			require.NoError(d, connect.result())
		})
	})
	t.Run("is undone by another Connect", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			p := d.connected(d.quiet())
			s := d.socket("/n")
			d.connect(s)
			s.Disconnect()
			connect := d.connect(s)
			p.want("40/n,")
			p.send(`40/n,{"sid":"n"}`)
			require.NoError(d, connect.result())
			p.want()
			d.want("/n connect")
		})
	})
	t.Run("may be refused", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			p := d.connected(d.quiet())
			s := d.socket("/n")
			d.connect(s)
			s.Disconnect()
			p.want("40/n,")
			p.send(`44/n,{"message":"no"}`)
			d.want()
			require.False(d, s.Active())
		})
	})
}

func TestAuth(t *testing.T) {
	count := 0
	opts := with(noJitter, func(o *Options) {
		o.Auth = func(context.Context) (any, error) {
			count++
			return map[string]int{"token": count}, nil
		}
	})
	play(t, opts, func(d *dialogue) {
		connect := d.connect(d.quiet())
		p := d.accept()
		p.want(`40{"token":1}`)
		p.send(`40{"sid":"a"}`)
		require.NoError(d, connect.result())
		p.conn.Drop()
		time.Sleep(time.Second)
		p = d.accept()
		p.want(`40{"token":2}`)
		p.send(`40{"sid":"b"}`)

		own, err := d.manager.Socket("/own", &SocketOptions{Auth: func(context.Context) (any, error) {
			return struct {
				Key string `json:"key"`
			}{"<k>"}, nil
		}})
		require.NoError(d, err)
		d.connect(own)
		p.want(`40/own,{"key":"<k>"}`)
	})
}

func TestAuthThatFails(t *testing.T) {
	t.Run("is asked again", func(t *testing.T) {
		failures := 2
		opts := with(noJitter, func(o *Options) {
			o.Auth = func(context.Context) (any, error) {
				if failures--; failures >= 0 {
					return nil, errors.New("no token yet")
				}
				return nil, nil
			}
		})
		play(t, opts, func(d *dialogue) {
			s := d.socket("/")
			connect := d.connect(s)
			p := d.accept()
			d.want("connect error: socketio: auth: no token yet")
			time.Sleep(time.Second)
			d.want("connect error: socketio: auth: no token yet")
			p.want()
			time.Sleep(2 * time.Second)
			p.want("40")
			p.send(`40{"sid":"a"}`)
			require.NoError(d, connect.result())
		})
	})
	for _, test := range []struct {
		name  string
		value any
		err   error
		text  string
	}{
		{"refuses", nil, &ConnectError{Message: "log in first"}, "socketio: auth: event: connection to namespace  refused: log in first"},
		{"array", []int{1}, nil, "socketio: auth: invalid payload: not an object, or with binary values"},
		{"null", (*int)(nil), nil, "socketio: auth: invalid payload: not an object, or with binary values"},
		{"binary", map[string][]byte{"a": {1}}, nil, "socketio: auth: invalid payload: not an object, or with binary values"},
	} {
		t.Run(test.name, func(t *testing.T) {
			opts := &Options{NoReconnect: test.err == nil, Auth: func(context.Context) (any, error) { return test.value, test.err }}
			play(t, opts, func(d *dialogue) {
				s := d.socket("/")
				connect := d.connect(s)
				p := d.accept()
				require.EqualError(d, connect.result(), "socketio: connect to /: "+test.text)
				p.want()
				p.wantClosed()
				d.want("connect error: " + test.text)
			})
		})
	}
	t.Run("panics", func(t *testing.T) {
		play(t, &Options{NoReconnect: true, Auth: func(context.Context) (any, error) { panic("oh") }}, func(d *dialogue) {
			connect := d.connect(d.quiet())
			d.accept()
			require.EqualError(d, connect.result(), "socketio: connect to /: socketio: auth: event: handler of \"auth\" panicked: oh")
		})
	})
	t.Run("ends with the connection", func(t *testing.T) {
		play(t, &Options{Auth: func(ctx context.Context) (any, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}}, func(d *dialogue) {
			s := d.quiet()
			connect := d.connect(s)
			p := d.accept()
			p.send("2")
			p.want("3") // the heartbeat does not wait for it
			s.Disconnect()
			require.Error(d, connect.result())
			p.wantClosed()
		})
	})
}
