//go:build !js

package engineio_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	engineclient "github.com/isosocket/isosocket/transport/engineio/client"
	engineserver "github.com/isosocket/isosocket/transport/engineio/server"
	"github.com/isosocket/isosocket/transport/transporttest"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

// other is a revision that differs in all that a revision can: the client pings,
// binary messages have a lead, and payloads tell the length of each packet.
var other = &engineio.Revision{
	Number:      "test",
	ClientPings: true,
	MessageLead: byte(engineio.TypeMessage),
	BinaryLead:  4,
	Decode: func(m transport.Message) (engineio.Packet, error) {
		if m.Binary {
			return engineio.Packet{Type: engineio.TypeMessage, Binary: true, Data: m.Data[1:]}, nil
		}
		return engineio.Decode(m)
	},
	PayloadSize: func(m transport.Message) int { return len(appendLengths(nil, m)) },
	AppendPayload: func(dst []byte, messages ...transport.Message) []byte {
		return appendLengths(dst, messages...)
	},
	DecodePayload: func(body []byte, _ int) iter.Seq2[engineio.Packet, error] {
		return func(yield func(engineio.Packet, error) bool) {
			for len(body) > 0 {
				length, rest, _ := bytes.Cut(body, []byte(":"))
				n, err := strconv.Atoi(string(length))
				if err != nil || n > len(rest) {
					yield(engineio.Packet{}, fmt.Errorf("no payload of this revision: %q", body))
					return
				}
				p, err := engineio.Decode(transport.Message{Data: rest[:n]})
				if !yield(p, err) {
					return
				}
				body = rest[n:]
			}
		}
	},
}

func appendLengths(dst []byte, messages ...transport.Message) []byte {
	for _, m := range messages {
		packet := engineio.AppendPayload(nil, m)
		dst = append(strconv.AppendInt(dst, int64(len(packet)), 10), ':')
		dst = append(dst, packet...)
	}
	return dst
}

// echo is a receiver that sends back what it receives.
type echo struct {
	session *engineserver.Session
	closed  chan engineio.Reason
}

func (e *echo) Receive(m transport.Message) {
	_ = e.session.Send([]transport.Message{m}, engineserver.Ordinary)
}
func (e *echo) Expire()                                {}
func (e *echo) Closed(reason engineio.Reason, _ error) { e.closed <- reason }

// serve runs a server of echoes on a network of its own until the test ends. It
// returns a client's way there, and where the reasons of closed sessions arrive.
func serve(t *testing.T, options engineserver.Options) (transport.Platform, <-chan engineio.Reason) {
	closed := make(chan engineio.Reason, 1)
	options.Open = func(s *engineserver.Session, _ *http.Request) engineserver.Receiver { return &echo{s, closed} }
	server := engineserver.New(options)
	h := &http.Server{Handler: server}
	network := transporttest.NewNetwork(1)
	listener, err := network.Listen("server:80")
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() { _ = h.Serve(listener) })
	roads := &http.Transport{DialContext: network.Dial}
	t.Cleanup(func() {
		roads.CloseIdleConnections()
		server.Close()
		_ = h.Close()
		serving.Wait()
	})
	return transportnative.Platform(&transportnative.Config{HTTPClient: &http.Client{Transport: roads}}), closed
}

// The revision is a value of the session: both ends speak another one by saying so.
func TestBothEndsInAnotherRevision(t *testing.T) {
	for name, revision := range map[string]*engineio.Revision{"4": engineio.Revision4, "another": other} {
		for _, transports := range [][]engineio.Transport{
			{engineio.Polling}, {engineio.WebSocket}, {engineio.Polling, engineio.WebSocket},
		} {
			t.Run(fmt.Sprint(name, " over ", transports), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { converse(t, revision, transports) })
			})
		}
	}
}

func converse(t *testing.T, revision *engineio.Revision, transports []engineio.Transport) {
	const interval, timeout = 25 * time.Second, 20 * time.Second
	platform, closed := serve(t, engineserver.Options{Revision: revision, PingInterval: interval, PingTimeout: timeout})
	var pings int // of the server; counted by the reader
	s, err := engineclient.Open(t.Context(), engineclient.Options{
		URL:          "http://server/",
		Revision:     revision,
		Transports:   transports,
		Dialer:       platform.Dialer,
		RoundTripper: platform.RoundTripper,
		OnPing:       func() { pings++ },
	})
	require.NoError(t, err)
	var received []string
	served := make(chan engineio.Reason)
	go func() {
		reason, _ := s.Serve(func(m transport.Message) { received = append(received, fmt.Sprint(m.Binary, string(m.Data))) })
		served <- reason
	}()
	messages := []transport.Message{{Data: []byte("text")}, {Data: []byte{}}, {Data: []byte("\x00\xff"), Binary: true}}
	for _, m := range messages {
		require.NoError(t, s.Send([]transport.Message{m}, engineclient.Ordinary))
	}
	time.Sleep(10 * interval) // longer than any silence that a heartbeat allows
	synctest.Wait()
	require.Equal(t, []string{"falsetext", "false", "true\x00\xff"}, received)
	require.Equal(t, transports[len(transports)-1], s.Transport())
	require.Equal(t, revision.ClientPings, pings == 0)
	s.Close()
	require.Equal(t, engineio.ForcedClose, <-served)
	require.Equal(t, engineio.TransportClose, <-closed)
}

// Who speaks one revision only must not be taken for the other.
func TestRevisionsDoNotMix(t *testing.T) {
	server := engineserver.New(engineserver.Options{Revision: other})
	defer server.Close()
	_, err := engineclient.Open(t.Context(), engineclient.Options{
		URL: "http://server/",
		RoundTripper: transporttest.RoundTripFunc(func(ctx context.Context, r *transport.Request) (*transport.Response, error) {
			w := httptest.NewRecorder()
			server.ServeHTTP(w, httptest.NewRequestWithContext(ctx, r.Method, r.URL, nil))
			return &transport.Response{Status: w.Code, Body: w.Body.Bytes()}, nil
		}),
	})
	require.ErrorIs(t, err, engineclient.ErrVersion)
}
