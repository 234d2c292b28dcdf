//go:build !js

package engineserver

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

func TestWebSocketCarriesMessagesBothWays(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		ws := d.websocket("")
		ws.send("4one", "4", "bAQID")
		require.NoError(d, ws.conn.Write(context.Background(), transport.Message{Data: []byte("two"), Binary: true}))
		d.wantReceived(d.last(), "one", "", "binary:\x01\x02\x03", "binary:two")
		for i := range 10 {
			d.send(d.last(), "4a"+strconv.Itoa(i), "4b"+strconv.Itoa(i))
		}
		for i := range 10 {
			ws.want("4a"+strconv.Itoa(i), "4b"+strconv.Itoa(i))
		}
	})
}

func TestWebSocketEnds(t *testing.T) {
	for _, test := range []struct {
		name   string
		act    func(ws *peer)
		reason engineio.Reason
	}{
		{"close packet", func(ws *peer) { ws.send("1"); ws.wantClosed() }, engineio.TransportClose},
		{"close frame", func(ws *peer) { ws.conn.Close(1001, "bye") }, engineio.TransportClose},
		{"lost", func(ws *peer) { ws.conn.Drop() }, engineio.TransportClose},
		{"empty message", func(ws *peer) { ws.send(""); ws.wantClosed() }, engineio.ParseError},
		{"unknown type", func(ws *peer) { ws.send("7"); ws.wantClosed() }, engineio.ParseError},
		{"bad base64", func(ws *peer) { ws.send("b!"); ws.wantClosed() }, engineio.ParseError},
		{"too large", func(ws *peer) { ws.send("4" + strings.Repeat("x", 1000)) }, engineio.TransportError},
		{"not UTF-8", func(ws *peer) { ws.send("4\xff") }, engineio.TransportError},
	} {
		t.Run(test.name, func(t *testing.T) {
			play(t, nil, func(d *dialogue) {
				ws := d.websocket("")
				ws.send("4before")
				test.act(ws)
				d.wantEnd(d.last(), test.reason)
				d.wantReceived(d.last(), "before")
				require.ErrorIs(d, d.last().session.Send(group("4late"), Ordinary), ErrClosed)
				require.Zero(d, d.server.Sessions())
			})
		})
	}
}

// fill sends until the send buffer is full, and returns how many messages it took.
func (d *dialogue) fill(r *record, text string) (sent int) {
	d.Helper()
	for {
		require.Less(d, sent, 1000, "nothing bounds what waits")
		synctest.Wait()
		err := r.session.Send(group(text), Ordinary)
		if err != nil {
			require.ErrorIs(d, err, ErrFull)
			return sent
		}
		sent++
	}
}

func TestFullSendBufferOnAWebSocket(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		ws := d.websocket("")
		rec, big := d.last(), "4"+strings.Repeat("x", 499)
		sent := d.fill(rec, big)
		require.NoError(d, rec.session.Send(group("4exempt"), Control))
		d.wantOpen(rec)
		for range sent {
			ws.want(big)
		}
		ws.want("4exempt")
		d.send(rec, "4again")
		ws.want("4again")
	})
}

func TestFullSendBufferOnPolling(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		sent := d.fill(p.record, "4x")
		require.NoError(d, p.session.Send(group("4exempt"), Control))
		time.Sleep(testInterval) // the ping is not refused either
		d.wantOpen(p.record)
		p.wantGet(strings.Repeat("4x\x1e", sent) + "4exempt\x1e2")
		d.send(p.record, "4again")
		p.wantGet("4again")
	})
}

func TestVolatile(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		require.ErrorIs(d, p.session.Send(group("4lost"), Volatile), ErrDropped)
		get := p.get()
		require.True(d, get.waits())
		require.NoError(d, p.session.Send(group("4kept"), Volatile))
		require.Equal(d, "4kept", get.finish().text())

		ws := d.websocket("")
		rec := d.last()
		kept := 0
		for i := range 200 { // the peer does not read
			synctest.Wait()
			err := rec.session.Send(group("4"+strconv.Itoa(i)), Volatile)
			if errors.Is(err, ErrDropped) {
				continue
			}
			require.NoError(d, err)
			kept++
		}
		require.Less(d, kept, 200)
		require.GreaterOrEqual(d, kept, 64)
		d.wantOpen(rec)
		for i := range kept {
			ws.want("4" + strconv.Itoa(i))
		}
		require.NoError(d, rec.session.Send(group("4again"), Volatile))
		ws.want("4again")
	})
}
