//go:build !js

package engineserver

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

// https://socket.io/docs/v4/engine-io-protocol/#upgrade
func TestUpgrade(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		get := p.get()
		require.True(d, get.waits())
		ws := d.websocket(p.sid)
		ws.send("2probe")
		ws.want("3probe")
		probed := time.Now()
		require.Equal(d, "6", get.finish().text())
		require.Equal(d, noopInterval, time.Since(probed))
		d.send(p.record, "4while") // no request is open: it waits for the WebSocket
		ws.send("5", "4up")
		ws.want("4while")
		d.wantReceived(p.record, "up")

		x := p.get().finish()
		require.Equal(d, http.StatusBadRequest, x.Code)
		require.Equal(d, badRequest, x.text())
		require.Equal(d, badRequest, p.post("4late").finish().text())

		second := d.websocket(p.sid)
		second.wantClosed()
		d.send(p.record, "4still")
		ws.want("4still")
		d.wantOpen(p.record)
		d.wantReceived(p.record, "up")
	})
}

func TestEveryGetWhileUpgradingIsAnswered(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		ws := d.websocket(p.sid)
		ws.send("2probe")
		ws.want("3probe")
		for range 5 {
			start := time.Now()
			p.wantGet("6")
			require.LessOrEqual(d, time.Since(start), noopInterval)
		}
		ws.send("5")
		d.send(p.record, "4a")
		ws.want("4a")
	})
}

// It came behind the upgrade packet, which is on another connection.
func TestGetThatWaitsAtTheSwitch(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		ws := d.websocket(p.sid)
		ws.send("2probe")
		ws.want("3probe")
		get := p.get()
		require.True(d, get.waits())
		ws.send("5")
		require.Equal(d, badRequest, get.finish().text())
		require.Equal(d, http.StatusBadRequest, get.Code)
		d.wantOpen(p.record)
		d.send(p.record, "4a")
		ws.want("4a")
	})
}

func TestPostInProgressAtTheSwitchComesFirst(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		gate := make(chan struct{})
		p.gate = gate
		post := p.post("4first\x1e4second")
		require.True(d, post.waits())
		ws := d.websocket(p.sid)
		ws.send("2probe")
		ws.want("3probe")
		ws.send("5", "4third")
		p.mu.Lock()
		p.gate = nil
		p.mu.Unlock()
		close(gate)
		require.Equal(d, "ok", post.finish().text())
		d.wantReceived(p.record, "first", "second", "third")
	})
}

func TestPollingWorksWhileProbing(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		ws := d.websocket(p.sid)
		ws.send("2probe")
		ws.want("3probe")
		d.send(p.record, "4a", "4b")
		p.wantGet("4a\x1e4b")
		p.wantPost("4c")
		ws.send("5", "4d")
		d.send(p.record, "4e")
		ws.want("4e")
		d.wantReceived(p.record, "c", "d")
	})
}

func TestRepeatedProbes(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		ws := d.websocket(p.sid)
		for range maxProbes {
			ws.send("2probe")
			ws.want("3probe")
		}
		ws.send("2probe")
		ws.wantClosed()
		d.wantOpen(p.record)
	})
}

func TestUpgradeTimeout(t *testing.T) {
	for name, probe := range map[string]bool{"silence": false, "probe and silence": true} {
		t.Run(name, func(t *testing.T) {
			play(t, nil, func(d *dialogue) {
				p := d.poll()
				ws, start := d.websocket(p.sid), time.Now()
				if probe {
					ws.send("2probe")
					ws.want("3probe")
				}
				ws.wantClosed()
				require.Equal(d, 10*time.Second, time.Since(start))
				d.wantWorks(p)
			})
		})
	}
}

// wantWorks wants that the session goes on on polling, and may try to upgrade again.
func (d *dialogue) wantWorks(p *poller) {
	d.Helper()
	d.wantOpen(p.record)
	p.wantPost("4works")
	d.wantReceived(p.record, "works")
	d.send(p.record, "4too")
	p.wantGet("4too")
	get := p.get()
	time.Sleep(2 * noopInterval)
	require.True(d, get.waits(), "nothing upgrades")
	ws := d.websocket(p.sid)
	ws.send("2probe")
	ws.want("3probe")
	require.Equal(d, "6", get.finish().text())
	ws.send("5")
	d.send(p.record, "4upgraded")
	ws.want("4upgraded")
}

func TestFailingProbes(t *testing.T) {
	for _, first := range []string{"4hello", "2", "2foo", "3probe", "xyz", "1", "", "6", "5"} {
		t.Run("first "+first, func(t *testing.T) {
			play(t, nil, func(d *dialogue) {
				p := d.poll()
				ws := d.websocket(p.sid)
				ws.send(first)
				ws.wantClosed()
				d.wantWorks(p)
			})
		})
		if first == "5" {
			continue
		}
		t.Run("second "+first, func(t *testing.T) {
			play(t, nil, func(d *dialogue) {
				p := d.poll()
				ws := d.websocket(p.sid)
				ws.send("2probe")
				ws.want("3probe")
				ws.send(first)
				ws.wantClosed()
				d.wantWorks(p)
			})
		})
	}
}

func TestBinaryInPlaceOfAProbe(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		ws := d.websocket(p.sid)
		require.NoError(d, ws.conn.Write(context.Background(), transport.Message{Data: []byte("2probe"), Binary: true}))
		ws.wantClosed()
		d.wantWorks(p)
	})
}

func TestProbeLost(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		ws := d.websocket(p.sid)
		ws.send("2probe")
		ws.want("3probe")
		ws.conn.Drop()
		synctest.Wait()
		d.wantWorks(p)
	})
}

func TestSecondWebSocketWhileUpgrading(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		first := d.websocket(p.sid)
		first.send("2probe")
		first.want("3probe")
		second := d.websocket(p.sid)
		second.wantClosed()
		first.send("5")
		d.send(p.record, "4a")
		first.want("4a")
	})
}

func TestUpgradeOfWebSocketSession(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		first := d.websocket("")
		rec := d.last()
		second := d.websocket(rec.session.SID())
		second.wantClosed()
		d.wantOpen(rec)
		d.send(rec, "4a")
		first.want("4a")
	})
}

func TestUpgradesTurnedOff(t *testing.T) {
	play(t, func(o *Options) { o.NoUpgrade = true }, func(d *dialogue) {
		p := d.poll()
		d.websocket(p.sid).wantClosed()
		d.wantOpen(p.record)
	})
}

func TestSessionEndsWhileUpgrading(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		ws := d.websocket(p.sid)
		ws.send("2probe")
		ws.want("3probe")
		get := p.get()
		require.True(d, get.waits())
		p.wantPost("1")
		require.Equal(d, "6", get.finish().text())
		ws.wantClosed()
		d.wantEnd(p.record, engineio.TransportClose)
	})
}

func TestHeartbeatGoesOnOverAnUpgrade(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p, start := d.poll(), time.Now()
		time.Sleep(testInterval - time.Second)
		ws := d.websocket(p.sid)
		ws.send("2probe")
		ws.want("3probe")
		time.Sleep(2 * time.Second) // the ping is due, no request takes it
		ws.send("5")
		ws.want("2")
		ws.send("3")
		pong := time.Now()
		ws.want("2")
		require.Equal(d, testInterval, time.Since(pong))
		require.Greater(d, time.Since(start), testInterval)
	})
}
