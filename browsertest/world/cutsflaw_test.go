package world

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/transporttest"
)

// lying is a WebSocket that now and then ends with a Write, of which it lies.
type lying struct {
	transport.Conn
	writes int
	lie    func(c transport.Conn, messages []transport.Message) (unsent int)
}

// Write implements transport.Conn.
func (l *lying) Write(ctx context.Context, messages ...transport.Message) error {
	if l.writes++; l.writes%20 != 0 {
		return l.Conn.Write(ctx, messages...)
	}
	unsent := l.lie(l.Conn, messages)
	_ = l.Conn.Close(0, "")
	return &transport.UnsentError{Messages: unsent, Err: errors.New("a lie")}
}

// skipping does not make every twentieth POST.
type skipping struct {
	transport.RoundTripper
	posts int
}

// RoundTrip implements transport.RoundTripper.
func (s *skipping) RoundTrip(ctx context.Context, r *transport.Request) (*transport.Response, error) {
	if bytes.Contains(r.Body, []byte(`["event"`)) {
		if s.posts++; s.posts%20 == 0 {
			return &transport.Response{Status: 200, Body: []byte("ok")}, nil
		}
	}
	return s.RoundTripper.RoundTrip(ctx, r)
}

// deaf loses acknowledgements.
type deaf struct{ transport.Conn }

// Read implements transport.Conn.
func (d deaf) Read(ctx context.Context) (transport.Message, error) {
	for {
		m, err := d.Conn.Read(ctx)
		if err != nil || !bytes.HasPrefix(m.Data, []byte("43")) {
			return m, err
		}
	}
}

// That nothing is lost in silence means something only if each of these is seen.
func TestCutsSeeFlaws(t *testing.T) {
	lies := func(lie func(c transport.Conn, messages []transport.Message) int) func(transport.Conn) transport.Conn {
		return func(c transport.Conn) transport.Conn { return &lying{Conn: c, lie: lie} }
	}
	for _, test := range []struct {
		name string
		flaw func(c transport.Conn) transport.Conn // nil: that of polling
		sees func(v *verdict) int
	}{
		{"does not give back what did not leave", lies(func(transport.Conn, []transport.Message) int { return 0 }), func(v *verdict) int { return v.lost }},
		{"counts one too many that has left", lies(func(_ transport.Conn, m []transport.Message) int { return len(m) - 1 }), func(v *verdict) int { return v.lost }},
		{"gives back what has left", lies(func(c transport.Conn, m []transport.Message) int {
			if c.Write(context.Background(), m...) == nil {
				time.Sleep(10 * latency)
			}
			return len(m)
		}), func(v *verdict) int { return v.doubled }},
		{"doubles what it reads", func(c transport.Conn) transport.Conn { return &flawed{Conn: c, reading: rarely(double)} }, func(v *verdict) int { return v.doubled }},
		{"drops what it reads", func(c transport.Conn) transport.Conn { return &flawed{Conn: c, reading: rarely(drop)} }, func(v *verdict) int { return v.lost }},
		{"reorders what it writes", func(c transport.Conn) transport.Conn { return &flawed{Conn: c, writing: swap()} }, func(v *verdict) int { return v.reordered }},
		{"loses acknowledgements", func(c transport.Conn) transport.Conn { return deaf{c} }, func(v *verdict) int { return v.lost }},
		{"does not make a request", nil, func(v *verdict) int { return v.lost }},
	} {
		t.Run(test.name, func(t *testing.T) {
			seen := 0
			for seed := uint64(0); seed < 5 && seen == 0; seed++ {
				transports := []string{"websocket"}
				if test.flaw == nil {
					transports = []string{"polling"}
				}
				var v verdict
				w := newWeather(seed, transports, cutsARound, &v)
				w.flaw = func(p transport.Platform) transport.Platform {
					if test.flaw == nil {
						p.RoundTripper = &skipping{RoundTripper: p.RoundTripper}
						return p
					}
					dialer := p.Dialer
					p.Dialer = transporttest.DialFunc(func(ctx context.Context, url string, maxMessage int) (transport.Conn, error) {
						c, err := dialer.Dial(ctx, url, maxMessage)
						if err != nil {
							return nil, err
						}
						return test.flaw(c), nil
					})
					return p
				}
				synctest.Test(t, func(t *testing.T) { w.play(t, new(cutFigures)) })
				seen += test.sees(&v)
			}
			require.NotZero(t, seen)
		})
	}
}

// An event that arrives behind a request that was sent later is out of order.
func TestOvertaken(t *testing.T) {
	var v verdict
	f := flow{verdict: &v}
	for range 4 {
		require.NoError(t, f.send(func(int) error { return nil }))
	}
	f.receive(0)
	f.overtaken(2) // by a request, which 1 did not arrive in front of
	f.receive(1)
	f.receive(2)
	require.Equal(t, 1, v.reordered)
	require.Equal(t, 1, f.forgive(func(n int) bool { return n == 3 }))
	f.settle(f.sent(), "in the end")
	require.Zero(t, v.lost)
}
