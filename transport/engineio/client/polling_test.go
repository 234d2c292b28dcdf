package engineclient

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/transporttest"
)

func pollingOnly(o *Options) { o.Transports = []engineio.Transport{engineio.Polling} }

func TestPollingRequestsAreIndependent(t *testing.T) {
	play(t, pollingOnly, func(d *dialogue) {
		d.open()
		get := d.get()
		d.send("4a")
		post := d.post("4a")
		d.send("4b")
		d.send("4c", "binary x")
		get.reply("4one", "4two")
		d.wantReceived("one", "two")
		get = d.get()
		d.wantNoRequest() // the POST is not over, so there is no second one
		post.reply("ok")
		post = d.post("4b", "4c", "beA==")
		get.reply("beA==")
		d.wantReceived("binary x")
		post.reply("ok")
		d.get()
		d.wantNoRequest()
	})
}

// A payload is bounded in bytes only, and may hold millions of packets.
func TestCloseInAPayload(t *testing.T) {
	for name, end := range map[string]func(s *Session){
		"Close": (*Session).Close,
		"Abort": func(s *Session) { s.Abort(engineio.ForcedClose, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			decoded := 0
			counting := *engineio.Revision4
			counting.DecodePayload = func(body []byte, maxPackets int) iter.Seq2[engineio.Packet, error] {
				return func(yield func(engineio.Packet, error) bool) {
					engineio.DecodePayload(body, maxPackets)(func(p engineio.Packet, err error) bool {
						decoded++
						return yield(p, err)
					})
				}
			}
			configure := func(o *Options) { pollingOnly(o); o.Revision = &counting }
			play(t, configure, func(d *dialogue) {
				d.open()
				d.get().reply("4before", "4block", strings.Repeat("6\x1e", 100_000)+"4behind")
				d.wantReceived("before", "block")
				end(d.session)
				close(d.release)
				d.wantReceived()
				require.Less(d, decoded, 100)
				if name == "Close" {
					d.post("1").reply("ok")
				}
				d.wantEnd(engineio.ForcedClose)
			})
		})
	}
}

func TestPayloadsAreSplit(t *testing.T) {
	for _, test := range []struct {
		name  string
		limit int
		send  []string
		posts [][]string
	}{
		{"all fit exactly", 11, []string{"4abc", "4abcde"}, [][]string{{"4abc", "4abcde"}}},
		{"one byte over", 10, []string{"4abc", "4abcde"}, [][]string{{"4abc"}, {"4abcde"}}},
		{"bytes, not characters", 11, []string{"4äöü", "4abcde"}, [][]string{{"4äöü"}, {"4abcde"}}},
		{"binary is base64", 10, []string{"4abc", "binary abc"}, [][]string{{"4abc", "bYWJj"}}},
		{"binary one byte over", 9, []string{"4abc", "binary abc"}, [][]string{{"4abc"}, {"bYWJj"}}},
		{"a single one over the limit", 5, []string{"4a", "4abcdefgh", "4b"}, [][]string{{"4a"}, {"4abcdefgh"}, {"4b"}}},
		{"many", 8, []string{"41", "42", "43", "44", "45", "46"}, [][]string{{"41", "42", "43"}, {"44", "45", "46"}}},
		{"no limit known", 0, []string{strings.Repeat("4", 1000), "4a"}, [][]string{{strings.Repeat("4", 1000), "4a"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			play(t, pollingOnly, func(d *dialogue) {
				d.handshake.MaxPayload = test.limit
				d.open()
				d.get()
				d.send(test.send...)
				for _, packets := range test.posts {
					d.post(packets...).reply("ok")
				}
				d.wantNoRequest()
				d.wantOpen()
			})
		})
	}
}

func TestPollingEnds(t *testing.T) {
	for _, test := range []struct {
		name   string
		serve  func(d *dialogue)
		reason engineio.Reason
		text   string
	}{
		{"close packet", func(d *dialogue) { d.get().reply("4a", "1", "4b") }, engineio.TransportClose,
			"engineio: closed by the peer"},
		{"GET fails", func(d *dialogue) { d.get().fail(errors.New("network")) }, engineio.TransportError,
			"engineio: poll: network"},
		{"session unknown", func(d *dialogue) { d.get().status(400, `{"code":1,"message":"Session ID unknown"}`) },
			engineio.TransportError, "engineio: poll: HTTP status 400, code 1: Session ID unknown"},
		{"bad packet", func(d *dialogue) { d.get().reply("4a", "x") }, engineio.TransportError,
			"engineio: poll: engineio: decode: offset 3: unknown packet type"},
		{"POST fails", func(d *dialogue) { d.send("4x"); d.post("4x").fail(errors.New("network")) }, engineio.TransportError,
			"engineio: write: network"},
		{"POST too large", func(d *dialogue) { d.send("4x"); d.post("4x").status(413, "") }, engineio.TransportError,
			"engineio: write: HTTP status 413"},
		{"response too large", func(d *dialogue) { d.get().reply("4" + strings.Repeat("x", 2000)) }, engineio.TransportError,
			"engineio: poll: transporttest: response body of 2001 bytes, limit 1000: transport: message too large"},
	} {
		t.Run(test.name, func(t *testing.T) {
			play(t, func(o *Options) { pollingOnly(o); o.MaxPayload = 1000 }, func(d *dialogue) {
				d.open()
				test.serve(d)
				d.wantEnd(test.reason)
				require.EqualError(d, d.cause, test.text)
			})
		})
	}
}

func TestNothingIsHandedOverAfterTheEnd(t *testing.T) {
	play(t, pollingOnly, func(d *dialogue) {
		d.open()
		d.get().reply("4a", "1", "4b")
		d.wantReceived("a")
	})
	play(t, pollingOnly, func(d *dialogue) {
		d.opening(func() { d.get().reply(encoded(d.handshake), "1", "4b") })
		d.wantEnd(engineio.TransportClose)
		d.wantReceived()
		d.wantNoRequest()
	})
}

func TestWebSocketEnds(t *testing.T) {
	for _, test := range []struct {
		name   string
		serve  func(ws *socket)
		reason engineio.Reason
		text   string
	}{
		{"closed", func(ws *socket) { ws.conn.Close(1001, "restart") }, engineio.TransportClose,
			"engineio: read: transport: closed by peer with code 1001: restart"},
		{"lost", func(ws *socket) { ws.conn.Drop() }, engineio.TransportClose,
			"engineio: read: transport: closed by peer with code 1006"},
		{"bad packet", func(ws *socket) { ws.send("x") }, engineio.TransportError,
			"engineio: read: engineio: decode: offset 0: unknown packet type"},
		{"empty message", func(ws *socket) { ws.send("") }, engineio.TransportError,
			"engineio: read: engineio: decode: offset 0: empty packet"},
	} {
		t.Run(test.name, func(t *testing.T) {
			play(t, webSocketOnly, func(d *dialogue) {
				test.serve(d.openWebSocket())
				d.wantEnd(test.reason)
				require.EqualError(d, d.cause, test.text)
			})
		})
	}
}

func TestPacketsWithoutMeaningAreIgnored(t *testing.T) {
	play(t, webSocketOnly, func(d *dialogue) {
		ws := d.openWebSocket()
		ws.send("0{}", "3", "3probe", "5", "6", "4a")
		d.wantReceived("a")
		d.wantOpen()
		ws.want()
	})
}

// Servers of other languages send the close packet before they close a WebSocket.
func TestClosePacketOnAWebSocket(t *testing.T) {
	play(t, webSocketOnly, func(d *dialogue) {
		ws := d.openWebSocket()
		ws.send("4a", "1", "4b")
		d.wantReceived("a")
		d.wantEnd(engineio.TransportClose)
		ws.wantClosed()
	})
}

func TestABatchIsOneWrite(t *testing.T) {
	writes := &countingConn{}
	play(t, func(o *Options) {
		webSocketOnly(o)
		o.Dialer = writes.dialer(o.Dialer)
	}, func(d *dialogue) {
		ws := d.openWebSocket()
		d.session.core.Rest()
		d.send("4a")
		d.send("4b", "binary b")
		d.send("4c")
		d.session.core.Resume()
		ws.want("4a", "4b", "binary b", "4c")
		require.Equal(d, []int{4}, writes.sizes)
	})
}

// countingConn notes how many messages each Write gets.
type countingConn struct {
	transport.Conn
	sizes []int // read when nothing writes
}

func (c *countingConn) dialer(d transport.Dialer) transport.Dialer {
	return transporttest.DialFunc(func(ctx context.Context, url string, maxMessage int) (transport.Conn, error) {
		conn, err := d.Dial(ctx, url, maxMessage)
		c.Conn = conn
		return c, err
	})
}

func (c *countingConn) Write(ctx context.Context, messages ...transport.Message) error {
	c.sizes = append(c.sizes, len(messages))
	return c.Conn.Write(ctx, messages...)
}
