//go:build !js

package engineserver

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

const total = 1_000_000 // of testOptions, for all sessions

func scarce(o *Options) {
	o.SendBuffers, o.SendBuffer, o.PingInterval, o.MaxPayload = total, total, time.Hour, 10_000
}

const piece = 420 // bytes, which take 500 while they wait

// sendBytes sends so many pieces that n bytes are held of them.
func (d *dialogue) sendBytes(r *record, n int) {
	d.Helper()
	g := group(strings.Repeat("x", piece))
	require.Equal(d, 500, transport.Held(g))
	for ; n > 0; n -= 500 {
		require.NoError(d, r.session.Send(g, Ordinary))
	}
}

func TestWhoTakesLeastGoesFirst(t *testing.T) {
	play(t, scarce, func(d *dialogue) {
		quick, slow, gone, small := d.poll(), d.poll(), d.poll(), d.poll()
		for _, p := range []*poller{quick, slow, gone} {
			d.sendBytes(p.record, 170_000)
		}
		for quick.session.Buffered() > 0 { // with half of the bound taken it counts what clients take
			quick.get().finish()
		}
		slow.get().finish()
		d.sendBytes(small.record, 500)
		for _, p := range []*poller{quick, slow, gone, small} {
			d.wantOpen(p.record)
		}
		d.sendBytes(quick.record, 700_000)
		d.wantEnd(gone.record, engineio.TransportError)
		require.ErrorIs(d, gone.err, ErrScarce)
		for _, p := range []*poller{quick, slow, small} {
			d.wantOpen(p.record)
		}
		d.sendBytes(quick.record, 200_000)
		d.wantEnd(slow.record, engineio.TransportError)
		d.wantOpen(quick.record)
		d.wantOpen(small.record)
		small.wantGet("4" + strings.Repeat("x", piece))
	})
}

// Nobody is behind, and still there are too many: the largest goes first.
func TestMostGoesFirstWhereNobodyIsBehind(t *testing.T) {
	play(t, scarce, func(d *dialogue) {
		var clients []*poller
		for range 30 {
			p := d.poll()
			clients = append(clients, p)
			d.sendBytes(p.record, 25_000)
		}
		d.sendBytes(clients[7].record, 15_000)
		others := slices.Delete(slices.Clone(clients), 7, 8)
		for i := 0; d.server.Sessions() == 30; i++ {
			d.sendBytes(others[i%len(others)].record, 500)
		}
		d.wantEnd(clients[7].record, engineio.TransportError)
		require.Equal(d, 29, d.server.Sessions())
	})
}

// What many are sent counts once, and until the last has taken it.
func TestSharedCountsOnce(t *testing.T) {
	play(t, scarce, func(d *dialogue) {
		const size = 300_000
		var clients []*poller
		for range 10 {
			clients = append(clients, d.poll())
		}
		news := NewShared(group(strings.Repeat("x", size)))
		for _, p := range clients {
			require.NoError(d, p.session.SendShared(news, Ordinary))
		}
		held := d.server.config.Budget.Held
		require.Greater(d, held(), int64(size))
		require.Less(d, held(), int64(size+10_000))
		for _, p := range clients[1:] {
			p.wantGet("4" + strings.Repeat("x", size))
		}
		require.Greater(d, held(), int64(size))
		clients[0].session.Abort(engineio.ForcedClose, nil)
		require.Zero(d, held())
	})
}

// Acknowledgements always fit; the clients that do not take them pay for it.
func TestAnswersAreBoundedTogether(t *testing.T) {
	play(t, scarce, func(d *dialogue) {
		for range 5 {
			p := d.poll()
			for range 30 {
				if err := p.session.Send(group(strings.Repeat("x", 10_000)), Answer); err != nil {
					require.ErrorIs(d, err, ErrClosed)
				}
			}
		}
		require.LessOrEqual(d, d.server.config.Budget.Held(), int64(total))
		require.Equal(d, 3, d.server.Sessions())
	})
}

// One client may have it all: SendBuffer is its bound.
func TestOneMayHaveItAll(t *testing.T) {
	play(t, scarce, func(d *dialogue) {
		one := d.poll()
		d.sendBytes(one.record, 800_000)
		require.NoError(d, one.session.Send(group(strings.Repeat("x", 10_000_000)), Control))
		require.ErrorIs(d, one.session.Send(group("x"), Ordinary), ErrFull)
		require.NoError(d, one.session.Send(group("x"), Answer))
		d.wantOpen(one.record)
	})
}

// An answer counts until its client has it, which the next GET tells.
func TestAnswersOnTheirWayCount(t *testing.T) {
	play(t, func(o *Options) { scarce(o); o.MaxPayload = total }, func(d *dialogue) {
		held := d.server.config.Budget.Held
		p := d.poll()
		get := func(stamp string) *exchange { return d.start(http.MethodGet, p.query+"&t="+stamp, "").finish() }
		d.send(p.record, "4a")
		get("a")
		d.sendBytes(p.record, 300_000)
		require.Len(d, get("b").text(), 600*(piece+2)-1)
		require.EqualValues(d, 300_000, held())
		require.Len(d, get("b").text(), 600*(piece+2)-1, "once more")
		require.EqualValues(d, 300_000, held())

		other := d.poll() // is not the one that goes
		d.sendBytes(other.record, 50_000)
		d.sendBytes(p.record, 30_000)
		another := d.poll()
		d.sendBytes(another.record, 400_000)
		another.get().finish()
		d.sendBytes(another.record, 600_000)
		d.sendBytes(another.record, 100_000)
		d.wantEnd(p.record, engineio.TransportError)
		d.wantOpen(other.record)
		d.wantOpen(another.record)
	})
}

// noisy is told of its end and sends to another then.
type noisy struct {
	*record
	other *Session
}

func (n *noisy) Closed(reason engineio.Reason, err error) {
	_ = n.other.Send(group("it has gone"), Ordinary) // no panic, no deadlock
	n.record.Closed(reason, err)
}

func TestSendWhereAnotherIsEnded(t *testing.T) {
	play(t, scarce, func(d *dialogue) {
		other := d.poll()
		open := d.server.options.Open
		d.server.options.Open = func(s *Session, r *http.Request) Receiver {
			return &noisy{open(s, r).(*record), other.session}
		}
		first, second := d.poll(), d.poll()
		d.sendBytes(first.record, 600_000)
		d.sendBytes(second.record, 300_000)
		d.wantOpen(first.record)
		second.get().finish()
		d.sendBytes(second.record, 150_000)
		d.wantEnd(first.record, engineio.TransportError)
		other.wantGet("4it has gone")
	})
}

// Whatever becomes of what was sent, it does not count any more in the end: play looks.
func TestCountsAreExact(t *testing.T) {
	play(t, scarce, func(d *dialogue) {
		var senders sync.WaitGroup
		news := NewShared(group(strings.Repeat("x", 5_000)))
		for i := range 20 {
			var one *Session
			var take func()
			if i%2 == 0 {
				p := d.poll()
				one, take = p.session, func() { p.get().finish() }
			} else {
				p := d.websocket("")
				one, take = d.last().session, func() { p.read() }
			}
			senders.Go(func() {
				for round := range 100 {
					err := one.SendShared(news, Kind(round%3))
					if err == nil || errors.Is(err, ErrFull) {
						err = one.Send(group(strings.Repeat("x", 10*round)), Ordinary)
					}
					if errors.Is(err, ErrClosed) {
						return
					}
					if round%5 == i%5 {
						take()
					}
				}
				switch i % 3 {
				case 0:
					one.Abort(engineio.ForcedClose, nil)
				case 1:
					one.Close()
				}
			})
		}
		senders.Wait()
		synctest.Wait()
	})
}
