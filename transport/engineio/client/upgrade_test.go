package engineclient

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/transporttest"
)

func TestUpgrade(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		d.open()
		get := d.get()
		d.send("4a")
		post := d.post("4a")
		ws := d.accept()
		require.Equal(d, "ws://server/socket.io/?x=1&EIO=4&transport=websocket&sid=a%2Fb", ws.url)
		ws.want("2probe")
		d.send("4b") // polling goes on meanwhile
		post.reply("ok")
		post = d.post("4b")
		get.reply("4one")
		get = d.get()
		d.wantReceived("one")
		require.Zero(d, d.upgraded)

		ws.send("3probe")
		d.send("4c") // waits from now on
		require.ErrorIs(d, d.session.Send(messagesOf("4lost"), Volatile), ErrDropped)
		post.reply("ok")
		d.wantNoRequest()
		get.reply("4two", "6")
		ws.want("5", "4c")
		d.wantNoRequest()
		require.Equal(d, 1, d.upgraded)
		require.Equal(d, engineio.WebSocket, d.session.Transport())

		ws.send("4three")
		d.wantReceived("two", "three")
		d.send("4d")
		ws.want("4d")
	})
}

func TestUpgradeWaitsForThePost(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		d.open()
		get := d.get()
		d.send("4a")
		post := d.post("4a")
		ws := d.accept()
		ws.send("3probe")
		get.reply("6")
		ws.want("2probe")
		d.wantNoRequest() // neither a GET nor the upgrade packet before the POST is over
		post.reply("ok")
		ws.want("5")
	})
}

func TestNoUpgrade(t *testing.T) {
	for _, test := range []struct {
		name      string
		configure func(*Options)
		upgrades  []engineio.Transport
	}{
		{"the server offers none", nil, nil},
		{"the server offers another", nil, []engineio.Transport{"webtransport"}},
		{"it is not wanted", pollingOnly, []engineio.Transport{engineio.WebSocket}},
		{"the runtime has none", func(o *Options) { o.Dialer = nil }, []engineio.Transport{engineio.WebSocket}},
	} {
		t.Run(test.name, func(t *testing.T) {
			play(t, test.configure, func(d *dialogue) {
				d.handshake.Upgrades = test.upgrades
				d.open()
				d.get()
				ctx, cancel := context.WithTimeout(d.Context(), time.Second)
				defer cancel()
				_, _, err := d.listener.Accept(ctx)
				require.ErrorIs(d, err, context.DeadlineExceeded)
				d.wantOpen()
				require.Empty(d, d.stayed)
			})
		})
	}
}

func TestUpgradeThatFailsLeavesPollingAlone(t *testing.T) {
	refused := &transport.HandshakeError{Status: 403, Body: "no WebSocket here"}
	for _, test := range []struct {
		name      string
		configure func(*Options)
		serve     func(d *dialogue)
		text      string
	}{
		{"refused", func(o *Options) {
			o.Dialer = transporttest.DialFunc(func(context.Context, string, int) (transport.Conn, error) { return nil, refused })
		}, func(d *dialogue) {}, `engineio: upgrade: transport: WebSocket refused with HTTP status 403: "no WebSocket here"`},
		{"closed", nil, func(d *dialogue) { d.accept().conn.Close(1008, "") },
			"engineio: upgrade: transport: closed by peer with code 1008"},
		{"lost", nil, func(d *dialogue) { d.accept().conn.Drop() },
			"engineio: upgrade: transport: closed by peer with code 1006"},
		{"wrong answer", nil, func(d *dialogue) { ws := d.accept(); ws.send("3"); ws.wantClosed() },
			"engineio: upgrade: no answer to the probe"},
		{"not a packet", nil, func(d *dialogue) { ws := d.accept(); ws.send("x"); ws.wantClosed() },
			"engineio: upgrade: engineio: decode: offset 0: unknown packet type"},
		{"no answer", nil, func(d *dialogue) { d.accept(); time.Sleep(20 * time.Second) },
			"engineio: upgrade: timeout after 20s: context deadline exceeded"},
		{"no connection", nil, func(d *dialogue) { time.Sleep(20 * time.Second) },
			"engineio: upgrade: timeout after 20s: context deadline exceeded"},
	} {
		t.Run(test.name, func(t *testing.T) {
			play(t, test.configure, func(d *dialogue) {
				d.open()
				get := d.get()
				d.send("4a")
				test.serve(d)
				d.post("4a").reply("ok")
				get.reply("4one")
				d.wantReceived("one")
				d.get()
				d.send("4b")
				d.post("4b").reply("ok")
				d.wantOpen()
				require.Equal(d, engineio.Polling, d.session.Transport())
				require.Len(d, d.stayed, 1)
				require.EqualError(d, d.stayed[0], test.text)
				require.Zero(d, d.upgraded)
			})
		})
	}
}

func TestWebSocketLostWhilePausing(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		d.open()
		get := d.get()
		ws := d.accept()
		ws.send("3probe")
		d.send("4waits")
		ws.conn.Drop()
		post := d.post("4waits") // polling goes on
		post.reply("ok")
		get.reply("6")
		get = d.get()
		d.wantOpen()
		require.Len(d, d.stayed, 1)
		get.reply("4still")
		d.wantReceived("still")
		require.Equal(d, engineio.Polling, d.session.Transport())
	})
}

func TestPollFailsWhilePausing(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		d.open()
		get := d.get()
		ws := d.accept()
		ws.send("3probe")
		get.fail(errors.New("network"))
		d.wantEnd(engineio.TransportError)
		ws.want("2probe")
		ws.wantClosed()
	})
}

// TestUpgradeAtEveryInterleaving plays every order of what can happen around an
// upgrade, and checks that each side gets everything the other sent, once and in
// order.
func TestUpgradeAtEveryInterleaving(t *testing.T) {
	const (
		emit    = 'e' // the client emits
		send    = 's' // the server sends
		getDone = 'g' // the server answers a GET that waits
		posted  = 'p' // the server answers a POST that waits
		accept  = 'A' // the server takes the WebSocket
		pong    = 'P' // the server answers the probe
	)
	count := 0
	for order := range permutations([]byte{emit, emit, send, send, getDone, posted, accept, pong}) {
		if slices.Index(order, pong) < slices.Index(order, accept) {
			continue
		}
		count++
		name := string(order)
		play(t, nil, func(d *dialogue) {
			d.open()
			server := &upgradingServer{dialogue: d}
			emitted := 0
			for _, step := range order {
				switch step {
				case emit:
					emitted++
					d.send(fmt.Sprintf("4client %d", emitted))
				case send:
					server.send()
				case getDone:
					server.answerGet()
				case posted:
					server.answerPost()
				case accept:
					server.ws = d.accept()
				case pong:
					server.ws.send("3probe")
					server.probed = true
				}
				synctest.Wait()
			}
			server.finish()
			require.Equal(d, []string{"client 1", "client 2"}, server.received, name)
			d.wantReceived("server 1", "server 2")
			require.Equal(d, 1, d.upgraded, name)
		})
	}
	require.Equal(t, 5040, count)
}

// upgradingServer is the server's part of an upgrade.
type upgradingServer struct {
	*dialogue
	ws       *socket
	probed   bool
	upgraded bool
	sent     int
	outbox   []string
	received []string
}

func (s *upgradingServer) send() {
	s.sent++
	s.outbox = append(s.outbox, fmt.Sprintf("4server %d", s.sent))
	s.readWebSocket()
}

// answerGet answers a GET if one waits and there is something to say.
func (s *upgradingServer) answerGet() {
	if s.probed {
		s.outbox = append(s.outbox, "6")
	}
	if len(s.outbox) == 0 || len(s.gets) == 0 {
		return
	}
	get := s.next("GET", s.gets)
	require.Empty(s, s.gets, "two GET requests at once")
	get.reply(s.outbox...)
	s.outbox = nil
}

func (s *upgradingServer) answerPost() {
	if len(s.posts) == 0 {
		return
	}
	post := s.next("POST", s.posts)
	require.Empty(s, s.posts, "two POST requests at once")
	s.take(strings.Split(post.body, "\x1e"))
	post.reply("ok")
}

// readWebSocket takes what the client wrote, and says what there is to say once
// the upgrade is done.
func (s *upgradingServer) readWebSocket() {
	if s.ws == nil {
		return
	}
	synctest.Wait()
	s.ws.mu.Lock()
	messages := s.ws.messages
	s.ws.messages = nil
	s.ws.mu.Unlock()
	for _, m := range messages {
		switch {
		case m == "2probe":
			require.False(s, s.upgraded)
		case m == "5":
			require.Empty(s, s.gets, "a GET request is under way after the upgrade")
			require.Empty(s, s.posts, "a POST request is under way after the upgrade")
			s.upgraded = true
		default:
			require.True(s, s.upgraded, "%q before the upgrade", m)
			s.take([]string{m})
		}
	}
	if s.upgraded {
		for _, m := range s.outbox {
			s.ws.send(m)
		}
		s.outbox = nil
	}
}

func (s *upgradingServer) take(packets []string) {
	for _, p := range packets {
		s.received = append(s.received, strings.TrimPrefix(p, "4"))
	}
}

// finish answers whatever waits, until the upgrade is done.
func (s *upgradingServer) finish() {
	for range 5 {
		s.answerPost()
		s.answerGet()
		s.readWebSocket()
	}
	require.True(s, s.upgraded)
}

// permutations yields each order of the letters once.
func permutations(letters []byte) func(yield func([]byte) bool) {
	letters = slices.Sorted(slices.Values(letters))
	return func(yield func([]byte) bool) {
		for {
			if !yield(letters) {
				return
			}
			i := len(letters) - 2
			for i >= 0 && letters[i] >= letters[i+1] {
				i--
			}
			if i < 0 {
				return
			}
			j := len(letters) - 1
			for letters[j] <= letters[i] {
				j--
			}
			letters[i], letters[j] = letters[j], letters[i]
			slices.Reverse(letters[i+1:])
		}
	}
}
