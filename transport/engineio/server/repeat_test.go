//go:build !js

package engineserver

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport/engineio"
)

// getAt and postAt are requests with that t.
func (p *poller) getAt(t string) *exchange { return p.d.start(http.MethodGet, p.query+"&t="+t, "") }

func (p *poller) postAt(t, body string) *exchange {
	return p.d.start(http.MethodPost, p.query+"&t="+t, body)
}

func (p *poller) wantGetAt(t, body string) {
	p.d.Helper()
	x := p.getAt(t).finish()
	require.Equal(p.d, http.StatusOK, x.Code)
	require.Equal(p.d, body, x.text())
}

func (p *poller) wantPostAt(t, body string) {
	p.d.Helper()
	require.Equal(p.d, "ok", p.postAt(t, body).finish().text())
}

func TestRepeatedGetGetsTheSameAnswer(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		d.send(p.record, "4a", "4b")
		p.wantGetAt("x1", "4a\x1e4b")
		d.send(p.record, "4c")
		p.wantGetAt("x2", "4c")
		d.send(p.record, "4d")
		for range 3 {
			p.wantGetAt("x2", "4c")
		}
		p.wantGetAt("x3", "4d")
		get := p.getAt("x4")
		require.True(d, get.waits())
		d.send(p.record, "4e")
		require.Equal(d, "4e", get.finish().text())
		p.wantGetAt("x4", "4e")
		d.wantOpen(p.record)
	})
}

func TestRepeatedPostIsReceivedOnce(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		p.wantPostAt("x1", "4a")
		for range 3 {
			p.wantPostAt("x2", "4b\x1e4c")
		}
		p.wantPostAt("x3", "4b\x1e4c")
		d.wantReceived(p.record, "a", "b", "c", "b", "c")
	})
}

// Requests of the two kinds do not get in each other's way.
func TestRepeatsOfEachKind(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		p.wantPostAt("x1", "4a")
		d.send(p.record, "4one")
		p.wantGetAt("x2", "4one")
		p.wantPostAt("x2", "4b")
		p.wantPostAt("x2", "4b")
		p.wantGetAt("x2", "4one")
		d.wantReceived(p.record, "a", "b")
	})
}

// A client whose t tells nothing goes on working.
func TestClientsWithoutAUniqueT(t *testing.T) {
	for name, at := range map[string]func(i int) string{
		"none":     func(int) string { return "" },
		"constant": func(int) string { return "abc" },
		"clock":    func(i int) string { return strconv.Itoa(1_700_000_000 + i/3) },
		"number":   func(i int) string { return strconv.Itoa(i / 2) },
		"huge":     func(int) string { return strings.Repeat("y", 10_000) },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, nil, func(d *dialogue) {
				p := d.poll()
				var want []string
				for i := range 20 {
					p.wantPostAt(at(i), "4same")
					want = append(want, "same")
					text := "4" + strconv.Itoa(i)
					d.send(p.record, text)
					p.wantGetAt(at(i), text)
				}
				d.wantReceived(p.record, want...)
				first := p.getAt(at(20))
				require.True(d, first.waits())
				require.Equal(d, http.StatusBadRequest, p.getAt(at(20)).finish().Code)
				d.wantEnd(p.record, engineio.TransportError)
				require.Equal(d, "1", first.finish().text())
			})
		})
	}
}

// With the same t another body is another request.
func TestAnotherBodyIsNoRepeat(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		p.wantPostAt("x1", "4a")
		p.wantPostAt("x2", "4b")
		p.wantPostAt("x2", "4c")
		d.wantReceived(p.record, "a", "b", "c")
	})
}

// The connection of the first is lost, which the server has not noticed.
func TestGetRepeatedWhileTheFirstWaits(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		p.wantPostAt("x1", "4a")
		first := p.getAt("x2")
		require.True(d, first.waits())
		second := p.getAt("x2")
		require.True(d, second.waits())
		require.Equal(d, "6", first.finish().text())
		d.send(p.record, "4b")
		require.Equal(d, "4b", second.finish().text())
		p.wantGetAt("x2", "4b")

		third := p.getAt("x3")
		require.True(d, third.waits())
		require.Equal(d, http.StatusBadRequest, p.getAt("x4").finish().Code, "two at once")
		require.Equal(d, "1", third.finish().text())
		d.wantEnd(p.record, engineio.TransportError)
	})
}

func TestPostRepeatedWhileTheFirstArrives(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		p.wantPostAt("x1", "4a")
		p.query += "&t=x2"
		first := p.slowPost()
		require.True(d, first.waits())
		p.wantPost("4b\x1e4c")
		require.Equal(d, http.StatusBadRequest, first.finish().Code)
		p.wantPost("4b\x1e4c")
		d.wantReceived(p.record, "a", "b", "c")
		d.wantOpen(p.record)
	})
}

func TestPostRepeatedWhileTheFirstIsReceived(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		p.wantPostAt("x1", "4a")
		gate := make(chan struct{})
		p.mu.Lock()
		p.gate = gate
		p.mu.Unlock()
		first := p.postAt("x2", "4b\x1e4c")
		require.True(d, first.waits())
		second, third := p.postAt("x2", "4b\x1e4c"), p.postAt("x2", "4b\x1e4c")
		require.True(d, second.waits())
		p.mu.Lock()
		p.gate = nil
		p.mu.Unlock()
		close(gate)
		for _, x := range []*exchange{first, second, third} {
			require.Equal(d, "ok", x.finish().text())
		}
		d.wantReceived(p.record, "a", "b", "c")
		d.wantOpen(p.record)
	})
}

// An answer that was kept is gone with the next t.
func TestAnswerIsKeptUntilTheNextGet(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		p.wantPostAt("x1", "4a")
		d.send(p.record, "4b")
		p.wantGetAt("x2", "4b")
		get := p.getAt("x3")
		require.True(d, get.waits())
		core := &p.session.core
		core.Lock()
		kept := p.session.polling.repeats.answer
		core.Unlock()
		require.Nil(d, kept)
	})
}

// The last packet of a session gets lost as any other.
func TestRepeatedGetOfTheEnd(t *testing.T) {
	for name, script := range map[string]func(d *dialogue, p *poller) string{
		"close, while it waited": func(d *dialogue, p *poller) string {
			get := p.getAt("x2")
			require.True(d, get.waits())
			p.session.Close()
			return get.finish().text()
		},
		"close, before it came": func(d *dialogue, p *poller) string {
			p.session.Close()
			return p.getAt("x2").finish().text()
		},
		"abort, while it waited": func(d *dialogue, p *poller) string {
			get := p.getAt("x2")
			require.True(d, get.waits())
			p.session.Abort(engineio.ForcedClose, nil)
			return get.finish().text()
		},
		"abort, before it came": func(d *dialogue, p *poller) string {
			p.session.Abort(engineio.ForcedClose, nil)
			return p.getAt("x2").finish().text()
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, nil, func(d *dialogue) {
				p := d.poll()
				p.wantPostAt("x0", "4a")
				p.wantPostAt("x1", "4a")
				require.Equal(d, "1", script(d, p))
				d.wantEnd(p.record, engineio.ForcedClose)
				p.wantGetAt("x2", "1")
				p.wantGetAt("x2", "1")
				require.Equal(d, http.StatusBadRequest, p.getAt("x3").finish().Code)
				p.wantGone()
			})
		})
	}
}

// What is told of an end is bounded in time and number.
func TestFarewellsAreBounded(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		old := d.poll()
		old.session.Abort(engineio.ForcedClose, nil)
		time.Sleep(farewellTime + 1)
		old.wantGone()

		first := d.poll()
		first.session.Abort(engineio.ForcedClose, nil)
		for range maxFarewells {
			d.poll().session.Abort(engineio.ForcedClose, nil)
		}
		first.wantGone()
		f := &d.server.farewells
		require.Len(d, f.order, maxFarewells)
		require.Len(d, f.bySID, maxFarewells)
	})
}

// A repeated request of a session that has moved to a WebSocket finds it there.
func TestRepeatAfterTheSwitch(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		p.wantPostAt("x1", "4a")
		d.send(p.record, "4b")
		p.wantGetAt("x2", "4b")
		ws := d.websocket(p.sid)
		ws.send("2probe")
		ws.want("3probe")
		ws.send("5")
		require.Equal(d, badRequest, p.getAt("x2").finish().text())
		require.Equal(d, badRequest, p.postAt("x1", "4a").finish().text())
		synctest.Wait()
		d.wantOpen(p.record)
	})
}
