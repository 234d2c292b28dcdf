//go:build !js

package engineserver

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport/engineio"
)

// rounds is how often what races is tried.
const rounds = 300

// race runs the functions at the same moment, in an order that nobody knows.
func race(fns ...func()) {
	rand.Shuffle(len(fns), func(i, j int) { fns[i], fns[j] = fns[j], fns[i] })
	var running sync.WaitGroup
	for _, fn := range fns {
		running.Go(fn)
	}
	running.Wait()
}

// engine.io-protocol/test-suite/test-suite.js "forcefully closes the session"
func TestClosePacketBesideAGet(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		for range rounds {
			p := d.poll()
			var get, post *exchange
			race(func() { get = p.get().finish() }, func() { post = p.post("1").finish() })
			require.Equal(d, "ok", post.text())
			require.Equal(d, http.StatusOK, get.Code)
			require.Equal(d, "6", get.text())
			d.wantEnd(p.record, engineio.TransportClose)
			p.wantGone()
		}
	})
}

// engine.io-protocol/test-suite/test-suite.js "ignores HTTP requests with same sid after upgrade"
func TestGetBesideTheUpgradePacket(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		for range rounds {
			p := d.poll()
			ws := d.websocket(p.sid)
			var get *exchange
			race(
				func() { get = p.get().finish() },
				func() { ws.send("2probe", "5", "4hello") },
			)
			require.Equal(d, http.StatusBadRequest, get.Code)
			require.Equal(d, badRequest, get.text())
			ws.want("3probe")
			d.wantReceived(p.record, "hello")
			d.send(p.record, "4a")
			ws.want("4a")
			d.wantOpen(p.record)
			ws.conn.Close(0, "")
		}
	})
}

// engine.io-protocol/test-suite/test-suite.js "closes the session upon ping timeout"
func TestGetAtTheHeartbeatDeadline(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		for range rounds {
			p := d.poll()
			time.Sleep(testInterval + testTimeout)
			p.wantGone()
			d.wantEnd(p.record, engineio.PingTimeout)
		}
	})
}

// engine.io-protocol/test-suite/test-suite.js "closes the session upon invalid packet format"
func TestGetAfterAnInvalidBody(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		for range rounds {
			p := d.poll()
			p.wantPost("abc")
			p.wantGone()
			d.wantEnd(p.record, engineio.ParseError)
		}
	})
}

// Of two GETs at once the second is refused and the first ends with the session.
func TestGetsAtOnce(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		for range rounds {
			p := d.poll()
			var codes, texts [2]any
			get := func(i int) func() {
				return func() {
					x := p.get().finish()
					codes[i], texts[i] = x.Code, x.text()
				}
			}
			race(get(0), get(1))
			require.ElementsMatch(d, []any{http.StatusOK, http.StatusBadRequest}, codes)
			require.ElementsMatch(d, []any{"1", ""}, texts)
			d.wantEnd(p.record, engineio.TransportError)
			p.wantGone()
		}
	})
}

// Whatever ends a session while a client sends, receives and repeats: each request is
// answered, and every packet is received once at most.
func TestEndBesideRequests(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		for round := range rounds {
			p := d.poll()
			p.wantPostAt("x0", "4first")
			d.send(p.record, "4a")
			p.wantGetAt("x1", "4a")
			d.send(p.record, "4b")
			var exchanges [4]*exchange
			race(
				func() { exchanges[0] = p.getAt("x2").finish() },
				func() { exchanges[1] = p.getAt("x2").finish() },
				func() { exchanges[2] = p.postAt("x3", "4once").finish() },
				func() { exchanges[3] = p.postAt("x3", "4once").finish() },
				func() {
					if round%2 == 0 {
						p.session.Close()
					} else {
						p.session.Abort(engineio.ForcedClose, nil)
					}
				},
			)
			for _, x := range exchanges {
				require.Contains(d, []int{http.StatusOK, http.StatusBadRequest}, x.Code)
			}
			if round%2 == 0 {
				require.Contains(d, []string{exchanges[0].text(), exchanges[1].text()}, "4b")
				p.wantGetAt("x4", "1")
			}
			d.wantEnd(p.record, engineio.ForcedClose)
			synctest.Wait()
			require.LessOrEqual(d, len(p.received), 2)
		}
	})
}
