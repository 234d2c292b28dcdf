package socketio

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/transporttest"
)

// noJitter makes the delays 1, 2, 4, 5, 5 … seconds.
var noJitter = Options{RandomizationFactor: -1}

func with(o Options, change func(*Options)) *Options {
	change(&o)
	return &o
}

func TestReconnect(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		s := d.socket("/")
		p := d.connected(s)
		d.want("connect")
		for range 2 { // a success begins the delays anew
			p.conn.Drop()
			d.want("disconnect: transport close")
			require.True(d, s.Active())
			require.False(d, s.Connected())
			time.Sleep(time.Second - 1)
			d.wantNoDial()
			time.Sleep(time.Nanosecond)
			p = d.accept()
			p.want("40")
			p.send(`40{"sid":"again"}`)
			d.want("connect")
			require.Equal(d, "again", s.ID())
		}
	})
}

func TestDelaysBetweenAttempts(t *testing.T) {
	var begin time.Time
	var dials []time.Duration
	opts := noJitter
	opts.Platform.Dialer = transporttest.DialFunc(func(context.Context, string, int) (transport.Conn, error) {
		dials = append(dials, time.Since(begin))
		return nil, errNetwork
	})
	opts.ReconnectionAttempts = 5
	play(t, &opts, func(d *dialogue) {
		s := d.quiet()
		failures := 0
		s.OnConnectError(func(err error) {
			failures++
			require.ErrorIs(d, err, errNetwork)
		})
		begin = time.Now()
		err := s.Connect(d.Context())
		require.ErrorIs(d, err, errNetwork)
		require.EqualError(d, err, "socketio: connect to /: engineio: open websocket: network unreachable")
		synctest.Wait()
		require.Equal(d, []time.Duration{0, 1 * time.Second, 3 * time.Second, 7 * time.Second, 12 * time.Second, 17 * time.Second}, dials)
		require.Equal(d, 6, failures)
		require.False(d, s.Active())

		dials, begin = nil, time.Now() // another Connect begins anew
		require.ErrorIs(d, s.Connect(d.Context()), errNetwork)
		require.Len(d, dials, 6)
	})
}

func TestNoReconnect(t *testing.T) {
	opts := with(noJitter, func(o *Options) { o.NoReconnect = true })
	t.Run("first attempt", func(t *testing.T) {
		play(t, with(*opts, func(o *Options) { o.Platform = failing() }), func(d *dialogue) {
			s := d.socket("/")
			require.ErrorIs(d, s.Connect(d.Context()), errNetwork)
			require.False(d, s.Active())
			d.want("connect error: engineio: open websocket: network unreachable")
		})
	})
	t.Run("lost connection", func(t *testing.T) {
		play(t, opts, func(d *dialogue) {
			s := d.socket("/")
			p := d.connected(s)
			p.conn.Drop()
			d.want("connect", "disconnect: transport close")
			require.False(d, s.Active())
			time.Sleep(time.Hour)
			d.wantNoDial()
			d.connected(s) // by hand it connects again
			d.want("connect")
		})
	})
}

func TestConnectTimeout(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{0: 20 * time.Second, time.Second: time.Second} {
		play(t, &Options{Timeout: timeout, NoReconnect: true}, func(d *dialogue) {
			begin := time.Now()
			err := d.quiet().Connect(d.Context())
			require.ErrorIs(d, err, context.DeadlineExceeded)
			require.EqualError(d, err, "socketio: connect to /: socketio: no connection within "+want.String()+
				": engineio: open websocket: context deadline exceeded")
			require.Equal(d, want, time.Since(begin))
		})
	}
	play(t, &Options{Timeout: -1}, func(d *dialogue) {
		connect := d.connect(d.quiet())
		time.Sleep(24 * time.Hour)
		connect.wantWaiting()
		d.accept().send(`40{"sid":"a"}`)
		require.NoError(d, connect.result())
	})
}

func TestWhichErrorsAreFinal(t *testing.T) {
	status := func(status int, code engineio.Code) error { return &StatusError{Status: status, Code: code} }
	none := engineio.CodeNone
	for _, test := range []struct {
		err          error
		first, later bool // final before and after a namespace was joined
	}{
		{ErrNoTransport, true, true},
		{ErrVersion, true, false},
		{status(400, engineio.CodeVersion), true, false},
		{status(400, engineio.CodeForbidden), true, false},
		{status(403, engineio.CodeForbidden), true, false},
		{&DisconnectError{Reason: TransportError, Err: ErrVersion}, true, false},

		{errNetwork, false, false},
		{context.DeadlineExceeded, false, false},
		{&AnswerError{Body: "<html>"}, false, false},
		{status(200, none), false, false},
		{status(301, none), false, false},
		{status(401, none), false, false},
		{status(403, none), false, false},
		{status(404, none), false, false},
		{status(408, none), false, false},
		{status(414, none), false, false},
		{status(429, none), false, false},
		{status(500, none), false, false},
		{status(502, none), false, false},
		{status(503, none), false, false},
		{status(400, engineio.CodeTransportUnknown), false, false},
		{status(400, engineio.CodeSessionUnknown), false, false},
		{status(400, engineio.CodeBadRequest), false, false},
		{&DisconnectError{Reason: TransportError, Err: status(404, none)}, false, false},
	} {
		wrapped := errors.Join(errors.New("context"), test.err)
		require.Equal(t, test.first, final(wrapped, false), "first: %v", test.err)
		require.Equal(t, test.later, final(wrapped, true), "later: %v", test.err)
	}
}

// answering is a platform whose dials are answered with these errors, one after the
// other, and then by the test.
func (d *dialogue) answering(errs ...error) {
	inner := d.manager.engine.Dialer
	d.manager.engine.Dialer = transporttest.DialFunc(func(ctx context.Context, url string, max int) (transport.Conn, error) {
		if len(errs) == 0 {
			return inner.Dial(ctx, url, max)
		}
		err := errs[0]
		errs = errs[1:]
		return nil, err
	})
}

// What answers first may be a page of something that is in the server's place for now.
func TestForeignAnswersAreRepeated(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		d.answering(
			&transport.HandshakeError{Status: 200, Body: "<html>please log in"},
			&transport.HandshakeError{Status: 404, Body: "page not found"},
			&transport.HandshakeError{Status: 502},
		)
		s := d.socket("/")
		connect := d.connect(s)
		time.Sleep(7 * time.Second)
		d.accept().send(`40{"sid":"a"}`)
		require.NoError(d, connect.result())
		d.want(`connect error: engineio: open websocket: HTTP status 200: "<html>please log in"`,
			`connect error: engineio: open websocket: HTTP status 404: "page not found"`,
			`connect error: engineio: open websocket: HTTP status 502`,
			"connect")
	})
}

func TestFinalErrorEndsTheConnecting(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		d.answering(
			&transport.HandshakeError{Status: 503},
			&transport.HandshakeError{Status: 400, Body: `{"code":4,"message":"no cookie"}`},
		)
		s := d.socket("/")
		err := s.Connect(d.Context())
		var status *StatusError
		require.ErrorAs(d, err, &status)
		require.Equal(d, engineio.CodeForbidden, status.Code)
		require.False(d, s.Active())
		d.want(`connect error: engineio: open websocket: HTTP status 503`,
			`connect error: engineio: open websocket: HTTP status 400, code 4: no cookie`)
	})
}

// Once a namespace was joined the server was right, and will be again.
func TestNothingIsFinalBehindAJoin(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		s := d.socket("/")
		p := d.connected(s)
		d.answering(
			&transport.HandshakeError{Status: 400, Body: `{"code":4,"message":"Forbidden"}`},
			&transport.HandshakeError{Status: 400, Body: `{"code":5,"message":"Unsupported protocol version"}`},
		)
		p.conn.Drop()
		time.Sleep(3 * time.Second)
		require.True(d, s.Active())
		time.Sleep(4 * time.Second)
		d.connectedAgain()
	})
}

// A server that makes handshakes and nothing else is one that fails.
func TestHandshakeAloneIsNoSuccess(t *testing.T) {
	opts := noJitter
	opts.ReconnectionAttempts = 3
	play(t, &opts, func(d *dialogue) {
		s := d.quiet()
		connect := d.connect(s)
		for _, delay := range []time.Duration{0, 1 * time.Second, 2 * time.Second, 4 * time.Second} {
			time.Sleep(delay)
			d.accept().conn.Drop()
			synctest.Wait()
		}
		var lost *DisconnectError
		require.ErrorAs(d, connect.result(), &lost)
		require.False(d, s.Active())
	})
}

func TestRetryAfter(t *testing.T) {
	play(t, &noJitter, func(d *dialogue) {
		d.answering(
			&transport.HandshakeError{Status: 503, RetryAfter: 30 * time.Second},
			&transport.HandshakeError{Status: 429, RetryAfter: 1000 * time.Hour},
			&transport.HandshakeError{Status: 503},
		)
		connect := d.connect(d.quiet())
		begin := time.Now()
		connect.wantWaiting()
		time.Sleep(31*time.Second + maxRetryAfter + 2*time.Second + 4*time.Second - 1)
		d.wantNoDial()
		time.Sleep(time.Nanosecond)
		d.accept().send(`40{"sid":"a"}`)
		require.NoError(d, connect.result())
		require.Equal(d, 37*time.Second+maxRetryAfter, time.Since(begin))
	})
}

func TestServerOfAnotherRevision(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		s := d.quiet()
		var failure error
		s.OnConnectError(func(err error) { failure = err })
		connect := d.connect(s)
		p := d.accept()
		p.send("40")
		require.ErrorIs(d, connect.result(), ErrVersion)
		require.ErrorIs(d, failure, ErrVersion)
		p.wantClosed()
		time.Sleep(time.Hour)
		d.wantNoDial()
	})
}

func TestNoTransport(t *testing.T) {
	play(t, &Options{Transports: []string{"polling"}}, func(d *dialogue) { // of which there is none here
		require.ErrorIs(d, d.quiet().Connect(d.Context()), ErrNoTransport)
	})
}

func TestSignals(t *testing.T) {
	t.Run("online ends the delay", func(t *testing.T) {
		play(t, &noJitter, func(d *dialogue) {
			p := d.connected(d.quiet())
			p.conn.Drop()
			synctest.Wait()
			d.watcher(transport.Online)
			d.connectedAgain()
		})
	})
	t.Run("online changes nothing on a connection", func(t *testing.T) {
		play(t, &noJitter, func(d *dialogue) {
			p := d.connected(d.quiet())
			d.watcher(transport.Online)
			p.wantOpen()
			p.conn.Drop()
			synctest.Wait()
			d.wantNoDial() // and is not remembered
		})
	})
	t.Run("online during an attempt that succeeds is not remembered", func(t *testing.T) {
		play(t, &noJitter, func(d *dialogue) {
			s := d.quiet()
			d.connect(s)
			d.watcher(transport.Online)
			p := d.accept()
			p.send(`40{"sid":"a"}`)
			p.conn.Drop()
			d.wantNoDial()
		})
	})
	t.Run("online during an attempt that fails ends the delay", func(t *testing.T) {
		play(t, &noJitter, func(d *dialogue) {
			d.connect(d.quiet())
			d.watcher(transport.Online)
			d.acceptSilently().conn.Drop()
			d.connectedAgain()
		})
	})
	t.Run("offline ends the connection", func(t *testing.T) {
		play(t, &noJitter, func(d *dialogue) {
			s := d.socket("/")
			p := d.connected(s)
			var cause error
			s.OnDisconnect(func(_ Reason, err error) { cause = err })
			d.watcher(transport.Offline)
			d.want("connect", "disconnect: transport close")
			require.ErrorIs(d, cause, errNetworkLost)
			p.wantClosed()
			time.Sleep(time.Second)
			d.connectedAgain()
		})
	})
	t.Run("offline does not matter to a server on this machine", func(t *testing.T) {
		playAt(t, "http://localhost:3000", nil, func(d *dialogue) {
			p := d.connected(d.quiet())
			d.watcher(transport.Offline)
			p.wantOpen()
		})
	})
	t.Run("suspended ends the connection until resumed", func(t *testing.T) {
		play(t, &noJitter, func(d *dialogue) {
			p := d.connected(d.quiet())
			d.watcher(transport.Suspended)
			p.wantClosed()
			time.Sleep(time.Hour)
			d.wantNoDial()
			d.watcher(transport.Resumed)
			d.connectedAgain()
		})
	})
	t.Run("suspended is ignored on request", func(t *testing.T) {
		play(t, &Options{KeepWhenSuspended: true}, func(d *dialogue) {
			p := d.connected(d.quiet())
			d.watcher(transport.Suspended)
			p.wantOpen()
		})
	})
	t.Run("resumed checks the heartbeat", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			p := d.connected(d.quiet())
			time.Sleep(44 * time.Second)
			d.watcher(transport.Resumed)
			p.wantOpen()
		})
	})
	t.Run("they are ignored after Close", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			d.connected(d.quiet())
			watcher := d.watcher
			require.NoError(d, d.manager.Close())
			watcher(transport.Offline)
			watcher(transport.Online)
			synctest.Wait()
			d.wantNoDial()
		})
	})
}

// connectedAgain checks that the client connects now.
func (d *dialogue) connectedAgain() {
	d.Helper()
	synctest.Wait()
	p := d.accept()
	p.want("40")
	p.send(`40{"sid":"again"}`)
	require.True(d, d.quiet().Connected())
}
