package engineclient

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport/engineio"
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
	play(t, func(o *Options) { o.SendBuffer = 1 }, func(d *dialogue) {
		d.handshake.Upgrades = nil
		d.open()
		d.send("4a")
		post := d.post("4a")
		require.ErrorIs(d, d.session.Send(messagesOf("4b"), Ordinary), ErrFull)
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
			d.wantEnd(engineio.PingTimeout)
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
			d.wantEnd(engineio.PingTimeout)
			ws.wantClosed()
		})
	})
}

func webSocketOnly(o *Options) { o.Transports = []engineio.Transport{engineio.WebSocket} }

// openWebSocket makes the handshake over a WebSocket.
func (d *dialogue) openWebSocket() *socket {
	d.Helper()
	var ws *socket
	d.opening(func() {
		ws = d.accept()
		ws.send(encoded(d.handshake))
	})
	require.NotNil(d, d.session, "the handshake failed: %v", d.err)
	return ws
}
