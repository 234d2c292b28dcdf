package engineclient

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/transporttest"
)

func TestCloseWritesWhatWaits(t *testing.T) {
	t.Run("on a WebSocket", func(t *testing.T) {
		play(t, webSocketOnly, func(d *dialogue) {
			ws := d.openWebSocket()
			d.send("4a")
			d.send("4b", "binary c")
			d.session.Close()
			late := messagesOf("4late")
			require.ErrorIs(d, d.session.Send(late, Ordinary), ErrClosed)
			d.wantEnd(engineio.ForcedClose)
			require.NoError(d, d.cause)
			ws.want("4a", "4b", "binary c") // and no close packet
			ws.wantClosed()
		})
	})
	t.Run("on polling", func(t *testing.T) {
		play(t, pollingOnly, func(d *dialogue) {
			d.open()
			get := d.get()
			d.send("4a")
			post := d.post("4a")
			d.send("4b")
			d.session.Close()
			post.reply("ok")
			post = d.post("4b", "1")
			get.reply("6")
			d.wantNoRequest() // no further GET
			d.wantOpen()
			post.reply("ok")
			d.wantEnd(engineio.ForcedClose)
			require.NoError(d, d.cause)
		})
	})
}

func TestCloseWithAPollThatFails(t *testing.T) {
	play(t, pollingOnly, func(d *dialogue) {
		d.open()
		get := d.get()
		d.session.Close()
		d.post("1")
		get.status(400, `{"code":1,"message":"Session ID unknown"}`)
		d.wantEnd(engineio.ForcedClose)
		require.NoError(d, d.cause)
	})
}

func TestCloseDoesNotWaitForEver(t *testing.T) {
	t.Run("on polling", func(t *testing.T) {
		play(t, pollingOnly, func(d *dialogue) {
			d.open()
			d.get()
			d.session.Close()
			d.post("1")
			time.Sleep(closeTimeout - 1)
			d.wantOpen()
			time.Sleep(time.Nanosecond)
			d.wantEnd(engineio.ForcedClose)
		})
	})
	t.Run("on a WebSocket that takes nothing", func(t *testing.T) {
		play(t, webSocketOnly, func(d *dialogue) {
			var ws *transporttest.PipeConn
			d.opening(func() {
				var err error
				ws, _, err = d.listener.Accept(d.Context())
				require.NoError(d, err)
				require.NoError(d, ws.Write(d.Context(), d.handshake.Encode()))
			})
			for range transporttest.PipeBuffer + 1 {
				d.send("4a")
			}
			d.session.Close()
			time.Sleep(closeTimeout - 1)
			d.wantOpen()
			time.Sleep(time.Nanosecond)
			d.wantEnd(engineio.ForcedClose)
		})
	})
}

func TestCloseTwice(t *testing.T) {
	play(t, webSocketOnly, func(d *dialogue) {
		ws := d.openWebSocket()
		d.session.Close()
		d.session.Close()
		d.wantEnd(engineio.ForcedClose)
		ws.wantClosed()
		d.session.Close()
		d.session.Abort(engineio.ParseError, nil)
		require.Equal(d, engineio.ForcedClose, d.reason)
	})
}

func TestAbort(t *testing.T) {
	cause := errors.New("cause")
	t.Run("on polling", func(t *testing.T) {
		play(t, pollingOnly, func(d *dialogue) {
			d.open()
			d.send("4a")
			d.post("4a")
			d.send("4b")
			d.session.Abort(engineio.ParseError, cause)
			d.wantEnd(engineio.ParseError)
			require.ErrorIs(d, d.cause, cause)
			late := messagesOf("4c")
			require.ErrorIs(d, d.session.Send(late, Ordinary), ErrClosed)
		})
	})
	t.Run("while probing", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			d.open()
			ws := d.accept()
			ws.want("2probe")
			d.session.Abort(engineio.TransportClose, cause)
			d.wantEnd(engineio.TransportClose)
			require.Empty(d, d.stayed, "the upgrade did not fail, the session ended")
		})
	})
	t.Run("while dialing", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			d.open()
			d.session.Abort(engineio.TransportClose, cause)
			d.wantEnd(engineio.TransportClose)
		})
	})
	t.Run("while pausing", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			d.open()
			ws := d.accept()
			ws.send("3probe")
			d.session.Abort(engineio.TransportClose, cause)
			d.wantEnd(engineio.TransportClose)
			ws.want("2probe")
			ws.wantClosed()
		})
	})
	t.Run("before it is served", func(t *testing.T) {
		play(t, pollingOnly, func(d *dialogue) {
			d.open()
			d.get()
			d.session.Abort(engineio.TransportClose, cause)
			d.wantEnd(engineio.TransportClose)
			d.wantNoRequest()
		})
	})
}

func TestCloseDuringAnUpgrade(t *testing.T) {
	t.Run("while probing, the session ends on polling", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			d.open()
			d.get()
			ws := d.accept()
			d.session.Close()
			ws.send("3probe")
			d.post("1").reply("ok")
			d.wantEnd(engineio.ForcedClose)
			ws.want("2probe")
		})
	})
	t.Run("while pausing, the upgrade is finished first", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			d.open()
			get := d.get()
			ws := d.accept()
			ws.send("3probe")
			d.send("4a")
			d.session.Close()
			d.wantNoRequest()
			get.reply("6")
			ws.want("2probe", "5", "4a")
			ws.wantClosed()
			d.wantEnd(engineio.ForcedClose)
		})
	})
	t.Run("while pausing, with no request under way", func(t *testing.T) {
		play(t, nil, func(d *dialogue) {
			d.opening(func() { d.get().reply(encoded(d.handshake), "4block") })
			ws := d.accept()
			ws.send("3probe")
			d.session.Close()
			d.wantNoRequest()
			close(d.release)
			d.get().reply("6")
			ws.want("2probe", "5")
			ws.wantClosed()
			d.wantEnd(engineio.ForcedClose)
		})
	})
}
