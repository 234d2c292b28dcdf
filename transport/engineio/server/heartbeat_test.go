//go:build !js

package engineserver

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport/engineio"
)

// https://socket.io/docs/v4/engine-io-protocol/#heartbeat
func TestHeartbeatOnWebSocket(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		ws, start := d.websocket(""), time.Now()
		ws.want("2")
		require.Equal(d, testInterval, time.Since(start))
		time.Sleep(5 * time.Second)
		ws.send("3")
		pong := time.Now()
		ws.want("2")
		require.Equal(d, testInterval, time.Since(pong), "the interval counts from the pong")
		ping := time.Now()
		ws.wantClosed()
		require.Equal(d, testTimeout, time.Since(ping))
		d.wantEnd(d.last(), engineio.PingTimeout)
	})
}

func TestHeartbeatOnPolling(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p, start := d.poll(), time.Now()
		p.wantGet("2")
		require.Equal(d, testInterval, time.Since(start))
		p.wantPost("3")
		p.wantGet("2")
		require.Equal(d, 2*testInterval, time.Since(start))
		x := p.get().finish()
		require.Equal(d, "1", x.text())
		require.Equal(d, 2*testInterval+testTimeout, time.Since(start))
		d.wantEnd(p.record, engineio.PingTimeout)
		p.wantGone()
	})
}

func TestAbandonedPollingSessionIsFreed(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		time.Sleep(testInterval + testTimeout - time.Millisecond)
		d.wantOpen(p.record)
		time.Sleep(time.Millisecond)
		d.wantEnd(p.record, engineio.PingTimeout)
		open := d.server.Sessions()
		require.Zero(d, open)
	})
}

// engine.io/lib/socket.ts onPacket: a busy client gets more time for its pong, once.
func TestTrafficExtendsThePongOnce(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		ws := d.websocket("")
		ws.want("2")
		ping := time.Now()
		first := 3 * time.Second
		time.Sleep(first)
		for range 6 { // the last at 18 s
			ws.send("4busy")
			time.Sleep(3 * time.Second)
		}
		ws.wantClosed()
		require.Equal(d, first+testTimeout, time.Since(ping), "counted from the first message behind the ping")
		d.wantEnd(d.last(), engineio.PingTimeout)
	})
}

func TestTrafficDoesNotPostponePings(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		ws, start := d.websocket(""), time.Now()
		for range 24 {
			time.Sleep(time.Second)
			ws.send("4busy")
		}
		ws.want("2")
		require.Equal(d, testInterval, time.Since(start))
	})
}

func TestUnaskedPongsDoNotPostponePings(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		ws, start := d.websocket(""), time.Now()
		for range 24 {
			time.Sleep(time.Second)
			ws.send("3", "3", "3")
		}
		ws.want("2")
		require.Equal(d, testInterval, time.Since(start))
	})
}

func TestPeerIsNotBlamedWhileReadingIsHeld(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		ws := d.websocket("")
		rec := d.last()
		gate := make(chan struct{})
		rec.gate = gate
		ws.send("4stuck")
		for range 4 { // the peer answers each ping, and nobody reads the answers
			ws.want("2")
			ws.send("3")
			time.Sleep(testInterval)
		}
		d.wantOpen(rec)
		rec.mu.Lock()
		rec.gate = nil
		rec.mu.Unlock()
		close(gate)
		d.wantReceived(rec, "stuck")
		for range 2 {
			ws.want("2")
			ws.send("3")
		}
		d.wantOpen(rec)
	})
}

func TestPeerThatVanishedWhileReadingIsHeldIsNoticed(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		ws := d.websocket("")
		rec := d.last()
		rec.gate = make(chan struct{})
		defer close(rec.gate)
		ws.send("4stuck")
		ws.conn.Drop()
		time.Sleep(testInterval)
		d.wantEnd(rec, engineio.TransportClose)
	})
}

func TestPongAfterHoldMustComeInTime(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		ws := d.websocket("")
		rec := d.last()
		gate := make(chan struct{})
		rec.gate = gate
		ws.send("4stuck")
		ws.want("2")
		rec.mu.Lock()
		rec.gate = nil
		rec.mu.Unlock()
		close(gate)
		synctest.Wait()
		released := time.Now()
		ws.wantClosed()
		require.Equal(d, testTimeout, time.Since(released))
		d.wantEnd(rec, engineio.PingTimeout)
	})
}

func TestShortIntervalLongTimeout(t *testing.T) {
	short := func(o *Options) { o.PingInterval = 300 * time.Millisecond }
	play(t, short, func(d *dialogue) {
		ws, start := d.websocket(""), time.Now()
		for i := range 5 {
			ws.want("2")
			require.Equal(d, time.Duration(i+1)*300*time.Millisecond, time.Since(start))
			ws.send("3")
		}
	})
}

// "invalid heartbeat direction": the server pings, not the client.
func TestPingFromClient(t *testing.T) {
	for _, packet := range []string{"2", "2probe"} {
		t.Run(packet+" on polling", func(t *testing.T) {
			play(t, nil, func(d *dialogue) {
				p := d.poll()
				get := p.get()
				require.True(d, get.waits())
				p.wantPost(packet)
				require.Equal(d, "1", get.finish().text())
				d.wantEnd(p.record, engineio.TransportError)
				p.wantGone()
			})
		})
		t.Run(packet+" on WebSocket", func(t *testing.T) {
			play(t, nil, func(d *dialogue) {
				ws := d.websocket("")
				ws.send(packet)
				ws.wantClosed()
				d.wantEnd(d.last(), engineio.TransportError)
			})
		})
	}
}

func TestUnaskedPongsCostNothing(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		d.websocket("")
		session := d.last().session
		pong := engineio.Packet{Type: engineio.TypePong}
		require.Zero(d, testing.AllocsPerRun(5_000, func() { session.core.Receive(pong) }), "no timer, no goroutine")
	})
}

func TestManyPongsStartNothing(t *testing.T) {
	play(t, func(o *Options) { o.MaxPayload = 100_000 }, func(d *dialogue) {
		p := d.poll()
		body := []byte("3")
		for range 5_000 {
			body = append(body, "\x1e3"...)
		}
		start := time.Now()
		p.wantPost(string(body))
		d.wantOpen(p.record)
		x := p.get().finish()
		require.Equal(d, http.StatusOK, x.Code)
		require.Equal(d, "2", x.text())
		require.Equal(d, testInterval, time.Since(start))
	})
}
