package scenario

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"time"

	"github.com/isosocket/isosocket/socketio"
	"github.com/isosocket/isosocket/socketio/event"
)

// patience is when a row counts as stuck.
const patience = 20 * time.Second

// stage is what a row plays on.
type stage struct {
	ctx        context.Context // ends the row, as that of testing.T ends a test
	url        string
	transports []string
	restart    func()
	clients    []*client
	err        error // of the first check that failed
}

// perform plays a row and returns what failed.
func perform(ctx context.Context, url string, transports []string, restart func(), play func(*stage)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("scenario: stuck for %v", patience))
	defer cancel()
	s := &stage{ctx: ctx, url: url, transports: transports, restart: restart, err: errors.New("scenario: the row panicked")}
	done := make(chan struct{})
	go func() { // waited for here; a requirement that fails ends it in the middle of the row
		defer close(done)
		play(s)
		s.err = nil
	}()
	<-done
	for _, c := range s.clients {
		_ = c.manager.Shutdown(context.Background()) // which is never done
	}
	return s.err
}

// check ends the row unless err is nil.
func (s *stage) check(err error) {
	if err != nil {
		s.err = err
		runtime.Goexit()
	}
}

// is ends the row unless the condition, which what puts into words, holds.
func (s *stage) is(condition bool, what string) {
	if !condition {
		s.check(fmt.Errorf("scenario: not so: %s", what))
	}
}

func (s *stage) equal(what string, got, want any) { s.check(equal(what, got, want)) }

func (s *stage) oneOf(what, got string, want ...string) {
	s.is(slices.Contains(want, got), fmt.Sprintf("%s, %q, is one of %q", what, got, want))
}

// refusal is the error of a refused connection.
func (s *stage) refusal(err error) *event.ConnectError {
	var refusal *event.ConnectError
	s.is(errors.As(err, &refusal), fmt.Sprintf("the connection is refused: %v", err))
	return refusal
}

// wait receives from ch before the row is over.
func wait[T any](s *stage, ch <-chan T) T {
	var v T
	select {
	case v = <-ch:
	case <-s.ctx.Done():
		s.check(context.Cause(s.ctx))
	}
	return v
}

// client is a socket of the main namespace, on a connection of its own.
type client struct {
	*socketio.Socket
	manager  *socketio.Manager
	upgrades chan struct{} // receives one for each upgrade
	pings    chan struct{} // receives one for each ping, unless one is in it already
}

// open connects a client, and waits for the upgrade where there is one.
func (s *stage) open() *client {
	c := s.dial()
	s.check(c.Connect(s.ctx))
	s.upgraded(c)
	return c
}

// dial prepares a client. Nothing is sent yet.
func (s *stage) dial() *client {
	c := &client{upgrades: make(chan struct{}, 8), pings: make(chan struct{}, 1)}
	manager, err := socketio.NewManager(s.url, &socketio.Options{
		Transports:           s.transports,
		ReconnectionDelay:    100 * time.Millisecond,
		ReconnectionDelayMax: 500 * time.Millisecond,
	})
	s.check(err)
	manager.AddTrace(&socketio.Trace{
		SessionUpgraded: func(socketio.Session) { c.upgrades <- struct{}{} },
		PingReceived: func(socketio.Session) {
			select {
			case c.pings <- struct{}{}:
			default:
			}
		},
	})
	c.manager = manager
	s.clients = append(s.clients, c)
	c.Socket = s.namespace(c, "/", nil)
	return c
}

// namespace returns a socket of another namespace on the client's connection.
func (s *stage) namespace(c *client, name string, auth func(context.Context) (any, error)) *socketio.Socket {
	socket, err := c.manager.Socket(name, &socketio.SocketOptions{Auth: auth})
	s.check(err)
	return socket
}

// upgraded waits for the connection's next upgrade, if it began with polling and may have one.
func (s *stage) upgraded(c *client) {
	if len(s.transports) > 1 {
		wait(s, c.upgrades)
	}
}

// gone receives the reason of the next disconnection.
func (c *client) gone() <-chan string {
	reasons := make(chan string, 1)
	c.OnDisconnect(func(reason socketio.Reason, _ error) {
		select {
		case reasons <- string(reason):
		default: // a later one
		}
	})
	return reasons
}

// back receives when the socket is connected next.
func (c *client) back() <-chan struct{} {
	connected := make(chan struct{}, 1)
	c.OnConnect(func() {
		select {
		case connected <- struct{}{}:
		default: // a later one
		}
	})
	return connected
}

// listener is a socket of any namespace.
type listener interface {
	event.Emitter
	Once(name string, fn event.Handler) (off func())
}

// received receives the next event of that name.
func received(l listener, name string) <-chan *event.Message {
	messages := make(chan *event.Message, 1)
	l.Once(name, func(_ context.Context, m *event.Message) error {
		messages <- m
		return nil
	})
	return messages
}

// echoes checks that the server brings the arguments back.
func (s *stage) echoes(l listener, args ...any) {
	back := received(l, "echo")
	s.check(l.Emit("echo", args...))
	s.check(arguments(wait(s, back), args...))
}

// hears checks that the client gets as many rows as it asks the server for, in order, and
// is not disconnected.
func (s *stage) hears(c *client, count int, ask event.Event[int], data func(i int) []byte) {
	gone := c.gone()
	got := 0
	done := make(chan error, 1)
	Row.On(c, func(_ context.Context, r Line) error {
		err := equal("row", r, Line{Number: got, Data: data(got)})
		if got++; err != nil || got == count {
			select {
			case done <- err:
			default: // it has failed before
			}
		}
		return err
	})
	s.check(ask.Emit(c, count))
	s.check(wait(s, done))
	s.equal("disconnections", len(gone), 0)
}

// acknowledges checks that the server answers with the arguments it was given.
func acknowledges(ctx context.Context, r event.Requester, args ...any) error {
	m, err := r.Request(ctx, "ack", args...)
	if err != nil {
		return err
	}
	return arguments(m, args...)
}

// arguments checks that a message has these arguments, decoded to their types.
func arguments(m *event.Message, want ...any) error {
	if err := equal("number of arguments", m.Len(), len(want)); err != nil {
		return err
	}
	targets := make([]any, len(want))
	for i, v := range want {
		targets[i] = new(any)
		if v != nil {
			targets[i] = reflect.New(reflect.TypeOf(v)).Interface()
		}
	}
	if err := m.Decode(targets...); err != nil {
		return err
	}
	for i, target := range targets {
		if err := equal(fmt.Sprintf("argument %d", i), reflect.ValueOf(target).Elem().Interface(), want[i]); err != nil {
			return err
		}
	}
	return nil
}

func equal(what string, got, want any) error {
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("scenario: %s: %.200s in place of %.200s", what, fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", want))
	}
	return nil
}

// largest is how much binary fits in one packet: the limit of 1,000,000 bytes
// holds for a WebSocket message and for the body of a request, where it is base64.
func (s *stage) largest() int {
	if slices.Contains(s.transports, "websocket") {
		return 999_900
	}
	return 749_900
}
