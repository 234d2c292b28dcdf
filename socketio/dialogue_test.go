package socketio

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/transporttest"
)

// dialogue is a manager on fake time whose server is the test, over WebSockets.
type dialogue struct {
	*testing.T
	manager  *Manager
	listener *transporttest.Listener
	unread   bool                   // the server does not read the connections it takes
	dialing  atomic.Int32           // calls of Dial that wait
	watcher  func(transport.Signal) // of the platform, while the manager watches

	mu  sync.Mutex
	log []string // what note was told
}

// play runs a dialogue in a bubble, and closes the manager at its end.
func play(t *testing.T, opts *Options, script func(d *dialogue)) {
	t.Helper()
	playAt(t, "http://server/", opts, script)
}

func playAt(t *testing.T, url string, opts *Options, script func(d *dialogue)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &dialogue{T: t, listener: transporttest.Listen(0)}
		var o Options
		if opts != nil {
			o = *opts
		}
		if o.Platform.Dialer == nil {
			o.Platform.Dialer = transporttest.DialFunc(d.dial)
		}
		o.Platform.Watch = func(fn func(transport.Signal)) (stop func()) {
			d.watcher = fn
			return func() { d.watcher = nil }
		}
		if o.OnError == nil {
			o.OnError = func(err error) { d.note("error: %v", err) }
		}
		manager, err := NewManager(url, &o)
		require.NoError(t, err)
		d.manager = manager
		defer manager.Close()
		script(d)
		require.NoError(t, manager.Shutdown(t.Context()))
		require.Nil(t, d.watcher, "the platform is still watched")
	})
}

func (d *dialogue) dial(ctx context.Context, url string, maxMessage int) (transport.Conn, error) {
	d.dialing.Add(1)
	defer d.dialing.Add(-1)
	return d.listener.Dial(ctx, url, maxMessage)
}

// note adds a line to what want checks.
func (d *dialogue) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log = append(d.log, fmt.Sprintf(format, args...))
}

// want checks what was noted since it was checked last.
func (d *dialogue) want(lines ...string) {
	d.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	require.Equal(d, lines, d.log)
	d.log = nil
}

// wantAnyOrder is want for what happens at once, on the connection and on the queues
// of sockets.
func (d *dialogue) wantAnyOrder(lines ...string) {
	d.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	require.ElementsMatch(d, lines, d.log)
	d.log = nil
}

// socket returns the socket of a namespace, which notes what happens to it.
func (d *dialogue) socket(namespace string) *Socket {
	d.Helper()
	s, err := d.manager.Socket(namespace, nil)
	require.NoError(d, err)
	prefix := strings.TrimPrefix(namespace+" ", "/ ")
	s.OnConnect(func() { d.note("%sconnect", prefix) })
	s.OnConnectError(func(err error) { d.note("%sconnect error: %v", prefix, err) })
	s.OnDisconnect(func(reason Reason, _ error) { d.note("%sdisconnect: %s", prefix, reason) })
	return s
}

// quiet returns the socket of the main namespace, which notes nothing.
func (d *dialogue) quiet() *Socket {
	d.Helper()
	s, err := d.manager.Socket("/", nil)
	require.NoError(d, err)
	return s
}

// heed makes the socket note the events of that name with their first argument.
func (d *dialogue) heed(s *Socket, name string) {
	s.On(name, func(_ context.Context, m *Message) error {
		var arg any
		err := m.Decode(&arg)
		d.note("%s %v", name, arg)
		return err
	})
}

// attempt is a call that runs beside the test.
type attempt struct {
	d    *dialogue
	done chan struct{}
	err  error
}

func (d *dialogue) start(fn func() error) *attempt {
	a := &attempt{d: d, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.err = fn()
	}()
	synctest.Wait()
	return a
}

func (d *dialogue) connect(s *Socket) *attempt {
	return d.start(func() error { return s.Connect(context.Background()) })
}

// result returns the error of the call, which must have returned.
func (a *attempt) result() error {
	a.d.Helper()
	synctest.Wait()
	select {
	case <-a.done:
		return a.err
	default:
		require.Fail(a.d, "the call has not returned")
		return nil
	}
}

func (a *attempt) wantWaiting() {
	a.d.Helper()
	synctest.Wait()
	select {
	case <-a.done:
		require.Fail(a.d, "the call has returned", "%v", a.err)
	default:
	}
}

// peer is the server's end of a connection.
type peer struct {
	d    *dialogue
	conn *transporttest.PipeConn

	mu       sync.Mutex
	messages []string
	err      error
}

// accept takes the connection that the client is opening and begins the session.
func (d *dialogue) accept() *peer {
	d.Helper()
	p := d.acceptSilently()
	p.send(`0{"sid":"engine","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`)
	return p
}

func (d *dialogue) acceptSilently() *peer {
	d.Helper()
	synctest.Wait()
	require.NotZero(d, d.dialing.Load(), "the client does not dial")
	conn, _, err := d.listener.Accept(d.Context())
	require.NoError(d, err)
	p := &peer{d: d, conn: conn}
	d.Cleanup(func() { conn.Close(0, "") })
	if d.unread {
		return p
	}
	go func() {
		for {
			m, err := conn.Read(context.Background())
			p.mu.Lock()
			switch {
			case err != nil:
				p.err = err
			case m.Binary:
				p.messages = append(p.messages, "binary "+string(m.Data))
			default:
				p.messages = append(p.messages, string(m.Data))
			}
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return p
}

// wantNoDial checks that the client does not open a connection now.
func (d *dialogue) wantNoDial() {
	d.Helper()
	synctest.Wait()
	require.Zero(d, d.dialing.Load(), "the client dials")
}

func (p *peer) send(messages ...string) {
	p.d.Helper()
	for _, text := range messages {
		data, binary := strings.CutPrefix(text, "binary ")
		require.NoError(p.d, p.conn.Write(p.d.Context(), transport.Message{Data: []byte(data), Binary: binary}))
		synctest.Wait() // the queues of several sockets are independent
	}
}

// want checks what the client has written since it was checked last.
func (p *peer) want(messages ...string) {
	p.d.Helper()
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Equal(p.d, messages, p.messages)
	p.messages = nil
}

func (p *peer) wantClosed() {
	p.d.Helper()
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	var closed *transport.CloseError
	require.ErrorAs(p.d, p.err, &closed)
	require.Equal(p.d, 1005, closed.Code)
}

func (p *peer) wantOpen() {
	p.d.Helper()
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.NoError(p.d, p.err)
}

// connected connects the socket of the main namespace, and returns the server's
// end.
func (d *dialogue) connected(s *Socket) *peer {
	d.Helper()
	connect := d.connect(s)
	p := d.accept()
	p.want("40")
	p.send(`40{"sid":"first"}`)
	require.NoError(d, connect.result())
	return p
}

var errNetwork = errors.New("network unreachable")

// failing is a platform without network.
func failing() transport.Platform {
	return transport.Platform{
		Dialer: transporttest.DialFunc(func(context.Context, string, int) (transport.Conn, error) { return nil, errNetwork }),
	}
}

func textMessage(text string) transport.Message { return transport.Message{Data: []byte(text)} }
