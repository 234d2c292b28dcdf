package engine

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
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
		reason Reason
	}{
		{"close packet", func(ws *peer) { ws.send("1"); ws.wantClosed() }, TransportClose},
		{"close frame", func(ws *peer) { ws.conn.Close(1001, "bye") }, TransportClose},
		{"lost", func(ws *peer) { ws.conn.Drop() }, TransportClose},
		{"empty message", func(ws *peer) { ws.send(""); ws.wantClosed() }, ParseError},
		{"unknown type", func(ws *peer) { ws.send("7"); ws.wantClosed() }, ParseError},
		{"bad base64", func(ws *peer) { ws.send("b!"); ws.wantClosed() }, ParseError},
		{"too large", func(ws *peer) { ws.send("4" + strings.Repeat("x", 1000)) }, TransportError},
		{"not UTF-8", func(ws *peer) { ws.send("4\xff") }, TransportError},
	} {
		t.Run(test.name, func(t *testing.T) {
			play(t, nil, func(d *dialogue) {
				ws := d.websocket("")
				ws.send("4before")
				test.act(ws)
				d.wantEnd(d.last(), test.reason)
				d.wantReceived(d.last(), "before")
				require.ErrorIs(d, d.last().session.Send(group("4late"), false), ErrClosed)
				open, _ := d.server.Stats()
				require.Zero(d, open)
			})
		})
	}
}

func TestSlowConsumerOnWebSocket(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		ws := d.websocket("")
		rec := d.last()
		big := "4" + strings.Repeat("x", 499)
		var err error
		sent := 0
		for err == nil {
			require.Less(d, sent, 200, "nothing bounds what waits")
			synctest.Wait()
			if err = rec.session.Send(group(big), false); err == nil {
				sent++
			}
		}
		require.ErrorIs(d, err, ErrSlowConsumer)
		d.wantEnd(rec, TransportError)
		require.ErrorIs(d, rec.err, ErrSlowConsumer)
		_, slow := d.server.Stats()
		require.EqualValues(d, 1, slow)
		_ = ws
	})
}

func TestSlowConsumerOnPolling(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		for range 100 {
			d.send(p.record, "4x")
		}
		require.ErrorIs(d, p.session.Send(group("4x"), false), ErrSlowConsumer)
		d.wantEnd(p.record, TransportError)
		p.wantGone()
	})
}

func TestVolatile(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		p := d.poll()
		require.ErrorIs(d, p.session.Send(group("4lost"), true), ErrDropped)
		get := p.get()
		require.True(d, get.waits())
		require.NoError(d, p.session.Send(group("4kept"), true))
		require.Equal(d, "4kept", get.finish().text())

		ws := d.websocket("")
		rec := d.last()
		kept := 0
		for i := range 200 { // the peer does not read
			synctest.Wait()
			err := rec.session.Send(group("4"+strconv.Itoa(i)), true)
			if errors.Is(err, ErrDropped) {
				continue
			}
			require.NoError(d, err)
			kept++
		}
		require.Less(d, kept, 200)
		require.GreaterOrEqual(d, kept, volatileLimit)
		d.wantOpen(rec)
		for i := range kept {
			ws.want("4" + strconv.Itoa(i))
		}
		require.NoError(d, rec.session.Send(group("4again"), true))
		ws.want("4again")
	})
}
