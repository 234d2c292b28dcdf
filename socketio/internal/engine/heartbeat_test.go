package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport/queue"
)

func TestPingIsAnswered(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		d.handshake.Upgrades = nil
		d.open()
		d.get().reply("2")
		d.post("3").reply("ok")
		d.get().reply("2x", "4a")
		d.post("3x").reply("ok")
		d.wantReceived("a")
		require.Equal(d, 2, d.pings)
	})
}

func TestPingOnWebSocketIsAnswered(t *testing.T) {
	play(t, webSocketOnly, func(d *dialogue) {
		ws := d.openWebSocket()
		ws.send("2")
		ws.want("3")
	})
}

func TestPingIsAnsweredWithAFullOutbox(t *testing.T) {
	play(t, func(c *Config) { c.Outbox = queue.Limits{MaxItems: 1} }, func(d *dialogue) {
		d.handshake.Upgrades = nil
		d.open()
		d.send("4a")
		post := d.post("4a")
		group, size := groupOf("4b")
		require.ErrorIs(d, d.session.Send(group, size), queue.ErrFull)
		d.get().reply("2")
		post.reply("ok")
		d.post("3").reply("ok")
	})
}

func TestSilentServer(t *testing.T) {
	t.Run("from the handshake on", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			d.handshake.Upgrades = nil
			d.open()
			time.Sleep(45*time.Second - 1)
			d.wantOpen()
			time.Sleep(time.Nanosecond)
			d.wantEnd(PingTimeout)
		})
	})
	t.Run("from the last ping on", func(t *testing.T) {
		play(t, webSocketOnly, func(d *dialogue) {
			ws := d.openWebSocket()
			for range 3 {
				time.Sleep(25 * time.Second)
				ws.send("2")
			}
			time.Sleep(40 * time.Second)
			ws.send("4not a ping")
			time.Sleep(5*time.Second - 1)
			d.wantOpen()
			time.Sleep(time.Nanosecond)
			d.wantEnd(PingTimeout)
			ws.wantClosed()
		})
	})
}

// A program that was frozen finds its timers late: the clock tells, whoever looks
// at it first.
func TestOverdueHeartbeatIsNoticedWithoutTheTimer(t *testing.T) {
	freeze := func(d *dialogue) {
		d.session.mu.Lock()
		d.session.heartbeat.wall = d.session.heartbeat.wall.Add(-45 * time.Second)
		d.session.mu.Unlock()
	}
	t.Run("by sending", func(t *testing.T) {
		play(t, webSocketOnly, func(d *dialogue) {
			ws := d.openWebSocket()
			freeze(d)
			group, size := groupOf("4a")
			require.ErrorIs(d, d.session.Send(group, size), ErrExpired)
			d.wantEnd(PingTimeout)
			ws.want()
		})
	})
	t.Run("by a signal", func(t *testing.T) {
		play(t, webSocketOnly, func(d *dialogue) {
			d.openWebSocket()
			d.session.Check()
			d.wantOpen()
			freeze(d)
			d.session.Check()
			d.wantEnd(PingTimeout)
		})
	})
}

func TestHeartbeatGoesByBothClocks(t *testing.T) {
	begin := time.Now()
	var h heartbeat
	h.begin(45*time.Second, begin)
	require.False(t, h.expired(begin.Add(45*time.Second-1)))
	require.True(t, h.expired(begin.Add(45*time.Second)))

	h.wall = begin.Round(0).Add(-time.Hour) // the wall clock alone has moved: the system slept
	require.True(t, h.expired(begin.Add(time.Second)))
	h.wall = begin.Round(0).Add(time.Hour) // it was set back
	require.False(t, h.expired(begin.Add(45*time.Second-1)))
	require.True(t, h.expired(begin.Add(45*time.Second)))
}

func webSocketOnly(c *Config) { c.Transports = []string{WebSocket} }

// openWebSocket makes the handshake over a WebSocket.
func (d *dialogue) openWebSocket() *socket {
	d.Helper()
	var ws *socket
	d.opening(func() {
		ws = d.accept()
		ws.send(string(d.handshake.Encode().Data))
	})
	require.NotNil(d, d.session, "the handshake failed: %v", d.err)
	return ws
}
