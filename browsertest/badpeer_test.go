package browsertest

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"
	"github.com/rs/cors"
	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/browsertest/scenario"
	"github.com/isosocket/isosocket/browsertest/scenarioserver"
	"github.com/isosocket/isosocket/server"
)

// TestBadPeers connects our client, natively and in Chromium, to what is not the
// server it wanted. The error names the cause, and the client tries again by
// itself only where that may help: then a real server takes the place, and it connects.
func TestBadPeers(t *testing.T) {
	page := func(status int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(status)
			fmt.Fprintf(w, "<!doctype html><title>%d</title>", status)
		})
	}
	// outcome is a part of the first error, and whether the client tries again.
	type outcome struct {
		err   string
		again bool
	}
	const hidden = "refused or not reachable" // more of a WebSocket is not told to a page
	tests := []struct {
		name            string
		peer            func(*testing.T) badPeer
		transports      string
		native, browser outcome
	}{
		{"nothing listens", nobody, "polling", outcome{"connection refused", true}, outcome{"fetch", true}},
		{"nothing listens, WebSocket", nobody, "websocket", outcome{"connection refused", true}, outcome{hidden, true}},
		{"an HTML page", serving(page(200)), "polling", outcome{"not Engine.IO (text/html", true}, outcome{"not Engine.IO (text/html", true}},
		{"an HTML page, WebSocket", serving(page(200)), "websocket", outcome{"HTTP status 200", true}, outcome{hidden, true}},
		{"not found", serving(page(404)), "polling", outcome{"HTTP status 404", true}, outcome{"HTTP status 404", true}},
		{"a proxy without its server", serving(page(502)), "polling", outcome{"HTTP status 502", true}, outcome{"HTTP status 502", true}},
		{"a proxy without its server, WebSocket", serving(page(502)), "websocket", outcome{"HTTP status 502", true}, outcome{hidden, true}},
		{"a certificate nobody signed", selfSigned, "polling", outcome{"certificate", true}, outcome{"fetch", true}},
		{"no answer", serving(silence()), "polling", outcome{"no connection within 2s", true}, outcome{"no connection within 2s", true}},
		{"no answer, WebSocket", serving(silence()), "websocket", outcome{"no connection within 2s", true}, outcome{"no connection within 2s", true}},
		{"Socket.IO 2", serving(revision3()), "polling", outcome{"Socket.IO 2", false}, outcome{"Socket.IO 2", false}},
		{"CONNECT without sid", serving(withoutSID()), "websocket", outcome{"Socket.IO 2", false}, outcome{"Socket.IO 2", false}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for i, runtime := range runtimes {
				t.Run(runtime.name, func(t *testing.T) {
					want := []outcome{test.native, test.browser}[i]
					peer := test.peer(t)
					verdict, err := runtime.dial(t, peer.url, test.transports, peer.repair)
					require.NoError(t, err)
					require.Contains(t, verdict.Error, want.err)
					require.Equal(t, want.again, verdict.Again, "it tries again: %s", verdict.Error)
					require.Equal(t, verdict.Again && !peer.hopeless, verdict.Connected, "it is connected in the end: %s", verdict.Error)
				})
			}
		})
	}
}

// TestUpgradeRefused has a proxy before the server that lets no WebSocket through.
func TestUpgradeRefused(t *testing.T) {
	tests := []struct {
		name    string
		proxy   http.HandlerFunc
		native  string
		browser string
	}{
		{"refused", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no WebSocket here", http.StatusForbidden) }, "HTTP status 403", "refused or not reachable"},
		{"swallowed", silence().ServeHTTP, "timeout", "timeout"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			real := realServer(t)
			proxy := serving(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("transport") == "websocket" {
					test.proxy(w, r)
				} else {
					real.ServeHTTP(w, r)
				}
			}))(t)
			for i, runtime := range runtimes {
				t.Run(runtime.name, func(t *testing.T) {
					want := []string{test.native, test.browser}[i]
					verdict, err := runtime.dial(t, proxy.url, "polling,websocket", func() { t.Error("the connection was lost") })
					require.NoError(t, err)
					require.True(t, verdict.Connected, "polling goes on: %s", verdict.Error)
					require.Contains(t, verdict.Upgrade, want)
				})
			}
		})
	}
}

// runtimes are where our client runs.
var runtimes = []struct {
	name string
	dial func(t *testing.T, url, transports string, repair func()) (scenario.Verdict, error)
}{
	{"native", dialNative},
	{"Chromium", dialWasm},
}

func dialNative(t *testing.T, url, transports string, repair func()) (scenario.Verdict, error) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return scenario.Dial(ctx, url, strings.Split(transports, ","), repair)
}

func dialWasm(t *testing.T, url, transports string, repair func()) (scenario.Verdict, error) {
	p := newClientPage(t, "wasm.html", nil, repair)
	return evaluate[scenario.Verdict](p, fmt.Sprintf("main('dial', %q, %q).then(() => verdict)", url, transports))
}

// badPeer is something that is no server of ours until repair puts one there.
type badPeer struct {
	url      string
	repair   func()
	hopeless bool // repair does not help
}

// serving is a peer that answers with the handler.
func serving(handler http.Handler) func(*testing.T) badPeer {
	return func(t *testing.T) badPeer {
		var current atomic.Value
		type box struct{ http.Handler }
		current.Store(box{cors.AllowAll().Handler(handler)})
		real := realServer(t)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			current.Load().(box).ServeHTTP(w, r)
		}))
		t.Cleanup(func() {
			server.CloseClientConnections()
			server.Close()
		})
		return badPeer{url: server.URL, repair: func() { current.Store(box{real}) }}
	}
}

// nobody is an address where nothing listens.
func nobody(t *testing.T) badPeer {
	listener, err := net.Listen("tcp", "127.0.0.2:0") // where nobody else takes the port meanwhile
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	real := realServer(t)
	return badPeer{url: "http://" + address, repair: func() {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Error(err)
			return
		}
		done := make(chan struct{})
		server := &http.Server{Handler: real}
		go func() {
			defer close(done)
			server.Serve(listener)
		}()
		t.Cleanup(func() {
			server.Close()
			<-done
		})
	}}
}

// selfSigned speaks TLS with a certificate that no authority has signed.
func selfSigned(t *testing.T) badPeer {
	server := httptest.NewUnstartedServer(realServer(t))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return badPeer{url: server.URL, repair: func() {}, hopeless: true}
}

// silence never answers, as a firewall that swallows.
func silence() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	})
}

// revision3 is a server of Socket.IO 2, which does not look at the revision asked for.
// https://github.com/socketio/engine.io-protocol/tree/v3#payload
func revision3() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		packet := `0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":5000}`
		w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
		fmt.Fprintf(w, "%d:%s2:40", len(packet), packet)
	})
}

// withoutSID speaks Engine.IO 4, and Socket.IO as before revision 5: CONNECT has no payload.
// https://socket.io/docs/v4/socket-io-protocol/#difference-between-v5-and-v4
func withoutSID() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
		if err != nil {
			return
		}
		defer conn.CloseNow()
		conn.Write(r.Context(), websocket.MessageText, []byte(`0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`))
		for {
			if _, _, err := conn.Read(r.Context()); err != nil {
				return
			}
			conn.Write(r.Context(), websocket.MessageText, []byte("40"))
		}
	})
}

// realServer is the scenario's server, without a listener.
func realServer(t *testing.T) *server.Server {
	io := scenarioserver.New(&server.Options{
		CORS:      &cors.Options{AllowedOrigins: []string{"*"}},
		AnyOrigin: true,
		Logger:    slog.New(slog.DiscardHandler),
	})
	t.Cleanup(func() { require.NoError(t, io.Close()) })
	return io
}
