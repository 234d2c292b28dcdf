package world

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/transporttest"
)

// flaw is what a runtime does wrong to some of the messages that it reads or writes.
// It is given the messages of one connection in order, and returns those that go on.
type flaw func(m transport.Message) []transport.Message

// rarely returns a flaw that befalls every tenth event.
func rarely(befall flaw) flaw {
	n := 0
	return func(m transport.Message) []transport.Message {
		if n++; n%10 != 0 {
			return []transport.Message{m}
		}
		return befall(m)
	}
}

func drop(transport.Message) []transport.Message     { return nil }
func double(m transport.Message) []transport.Message { return []transport.Message{m, m} }

// withhold keeps back an event until there is another one: the last is lost.
func withhold() flaw {
	var kept []transport.Message
	return func(m transport.Message) (on []transport.Message) {
		on, kept = kept, []transport.Message{m}
		return on
	}
}

// swap exchanges every tenth event for the one behind it.
func swap() flaw {
	n := 0
	var kept []transport.Message
	return func(m transport.Message) []transport.Message {
		if n++; n%10 == 0 {
			kept = []transport.Message{m}
			return nil
		}
		on := append([]transport.Message{m}, kept...)
		kept = nil
		return on
	}
}

// flawed is a connection with flaws. Only events without attachments suffer from them:
// anything else would be a violation of the protocol, which ends the connection.
type flawed struct {
	transport.Conn
	reading, writing flaw
	read             []transport.Message // to be returned by Read
}

func suffers(m transport.Message) bool {
	return bytes.Contains(m.Data, []byte(`["`)) && !bytes.Contains(m.Data, []byte("_placeholder")) && !bytes.Contains(m.Data, []byte(`["ask"`)) && !bytes.Contains(m.Data, []byte(`["hello"`))
}

// Read implements transport.Conn.
func (f *flawed) Read(ctx context.Context) (transport.Message, error) {
	for len(f.read) == 0 {
		m, err := f.Conn.Read(ctx)
		if err != nil {
			return m, err
		}
		f.read = []transport.Message{m}
		if f.reading != nil && suffers(m) {
			f.read = f.reading(m)
		}
	}
	m := f.read[0]
	f.read = f.read[1:]
	return m, nil
}

// Write implements transport.Conn.
func (f *flawed) Write(ctx context.Context, messages ...transport.Message) error {
	if f.writing != nil {
		var on []transport.Message
		for _, m := range messages {
			if suffers(m) {
				on = append(on, f.writing(m)...)
			} else {
				on = append(on, m)
			}
		}
		messages = on
	}
	return f.Conn.Write(ctx, messages...)
}

// That the world finds nothing means something only if it finds each of these.
func TestWorldSeesFlaws(t *testing.T) {
	lost := func(v *verdict) int { return v.lost }
	doubled := func(v *verdict) int { return v.doubled }
	reordered := func(v *verdict) int { return v.reordered }
	leftOpen := func(v *verdict) int {
		return len(slices.DeleteFunc(v.problems, func(p string) bool { return !strings.Contains(p, "left open") }))
	}
	for _, test := range []struct {
		name  string
		early bool
		end   ending
		flaw  func(w *world, c transport.Conn) transport.Conn
		sees  func(v *verdict) int
	}{
		{"drops what it reads", false, clientsClose, func(_ *world, c transport.Conn) transport.Conn {
			return &flawed{Conn: c, reading: rarely(drop)}
		}, lost},
		{"doubles what it reads", false, clientsClose, func(_ *world, c transport.Conn) transport.Conn {
			return &flawed{Conn: c, reading: rarely(double)}
		}, doubled},
		{"reorders what it reads", false, clientsClose, func(_ *world, c transport.Conn) transport.Conn {
			return &flawed{Conn: c, reading: swap()}
		}, reordered},
		{"drops what it writes", false, clientsClose, func(_ *world, c transport.Conn) transport.Conn {
			return &flawed{Conn: c, writing: rarely(drop)}
		}, lost},
		{"doubles what it writes", false, clientsClose, func(_ *world, c transport.Conn) transport.Conn {
			return &flawed{Conn: c, writing: rarely(double)}
		}, doubled},
		{"reorders what it writes", false, clientsClose, func(_ *world, c transport.Conn) transport.Conn {
			return &flawed{Conn: c, writing: swap()}
		}, reordered},
		{"loses the end of what it reads", true, disconnects, func(_ *world, c transport.Conn) transport.Conn {
			return &flawed{Conn: c, reading: withhold()}
		}, lost},
		{"loses the end of what it reads at a shutdown", true, shutdown, func(_ *world, c transport.Conn) transport.Conn {
			return &flawed{Conn: c, reading: withhold()}
		}, lost},
		{"loses the end of what it writes", true, clientsClose, func(_ *world, c transport.Conn) transport.Conn {
			return &flawed{Conn: c, writing: withhold()}
		}, lost},
		{"leaves a connection open", true, clientsClose, func(w *world, c transport.Conn) transport.Conn {
			_, _ = w.network.Dial(context.Background(), "tcp", serverAddress)
			return c
		}, leftOpen},
	} {
		t.Run(test.name, func(t *testing.T) {
			seen := 0
			for seed := range uint64(3) {
				s := story{seed: seed, transports: []string{"websocket"}, ending: test.end, early: test.early}
				var v verdict
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(s, &v)
					w.flaw = func(p transport.Platform) transport.Platform {
						dialer := p.Dialer
						p.Dialer = transporttest.DialFunc(func(ctx context.Context, url string, maxMessage int) (transport.Conn, error) {
							c, err := dialer.Dial(ctx, url, maxMessage)
							if err != nil {
								return nil, err
							}
							return test.flaw(w, c), nil
						})
						return p
					}
					w.play(t, new(figures))
				})
				seen += test.sees(&v)
			}
			require.NotZero(t, seen)
		})
	}
}

func TestFlow(t *testing.T) {
	for _, test := range []struct {
		name                     string
		accepted                 int
		arrive                   []int
		lost, doubled, reordered int
	}{
		{"all", 3, []int{0, 1, 2}, 0, 0, 0},
		{"nothing", 3, nil, 3, 0, 0},
		{"the end is missing", 3, []int{0}, 2, 0, 0},
		{"the beginning is missing", 3, []int{2}, 2, 0, 0},
		{"one is missing", 3, []int{0, 2}, 1, 0, 0},
		{"one comes late", 3, []int{0, 2, 1}, 0, 0, 1},
		{"one comes again", 3, []int{0, 1, 1, 2, 0}, 0, 2, 0},
		{"one comes late, and again", 2, []int{1, 0, 0}, 0, 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var v verdict
			f := flow{verdict: &v}
			for range test.accepted {
				require.NoError(t, f.send(func(int) error { return nil }))
			}
			for _, n := range test.arrive {
				f.receive(n)
			}
			f.settle(f.sent(), "in the end")
			f.settle(f.sent(), "and is not counted twice")
			require.Equal(t, []int{test.lost, test.doubled, test.reordered}, []int{v.lost, v.doubled, v.reordered})
			require.Equal(t, test.lost+test.doubled+test.reordered > 0, len(v.problems) > 0)
		})
	}
}

// Only a disconnection that was reported excuses a gap, and only for what was accepted before.
func TestUpward(t *testing.T) {
	type at struct {
		socket string
		n      int
	}
	for _, test := range []struct {
		name   string
		before int // accepted before the disconnection was reported; -1: none was
		arrive []at
		socket string // in the end
		lost   int
	}{
		{"no gap", -1, []at{{"a", 0}, {"a", 1}, {"b", 2}, {"b", 3}}, "b", 0},
		{"a gap without a report", -1, []at{{"a", 0}, {"b", 2}, {"b", 3}}, "b", 1},
		{"a gap across a report", 2, []at{{"a", 0}, {"b", 2}, {"b", 3}}, "b", 0},
		{"a gap on one socket", 2, []at{{"a", 0}, {"a", 2}, {"a", 3}}, "a", 1},
		{"what was accepted behind the report", 2, []at{{"a", 0}, {"b", 3}}, "b", 1},
		{"nothing arrives behind it", 4, []at{{"a", 0}}, "b", 0},
		{"nothing arrives behind it, on the same socket", 4, []at{{"a", 0}}, "a", 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			var v verdict
			u := upward{flow: flow{verdict: &v}}
			for n := range 4 {
				if n == test.before {
					u.disconnected()
				}
				require.NoError(t, u.send(func(int) error { return nil }))
			}
			if test.before == 4 {
				u.disconnected()
			}
			for _, a := range test.arrive {
				u.receive(a.n, a.socket)
			}
			u.settle(test.socket, "in the end")
			require.Equal(t, test.lost, v.lost)
			require.Zero(t, slices.Max([]int{v.doubled, v.reordered}))
		})
	}
}
