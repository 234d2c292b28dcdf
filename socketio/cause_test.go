//go:build !js

package socketio_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio"
)

// TestErrorsNameTheCause meets real servers that are not what the client looks for.
func TestErrorsNameTheCause(t *testing.T) {
	page := func(status int, text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			fmt.Fprint(w, text)
		})
	}
	good := server.New(nil)
	t.Cleanup(func() { good.Close() })
	picky := server.New(&server.Options{AllowRequest: func(*http.Request) error { return fmt.Errorf("no cookie") }})
	t.Cleanup(func() { picky.Close() })

	for _, test := range []struct {
		name    string
		handler http.Handler
		options socketio.Options
		polling string // what the error says
		socket  string
		as      any
	}{
		{name: "wrong address", handler: http.NotFoundHandler(), as: new(*socketio.StatusError),
			polling: `HTTP status 404: "404 page not found\n"`, socket: `HTTP status 404: "404 page not found\n"`},
		{name: "wrong path", handler: good, options: socketio.Options{Path: "/other/"}, as: new(*socketio.StatusError),
			polling: "HTTP status 404", socket: "HTTP status 404"},
		{name: "a web page", handler: page(200, "<!doctype html>"),
			polling: `the answer is not Engine.IO (text/html): "<!doctype html>"`, socket: `HTTP status 200: "<!doctype html>"`},
		{name: "a proxy without its server", handler: page(502, "Bad Gateway"), as: new(*socketio.StatusError),
			polling: `HTTP status 502: "Bad Gateway"`, socket: `HTTP status 502: "Bad Gateway"`},
		{name: "refused by the server", handler: picky, as: new(*socketio.StatusError),
			polling: "code 4: no cookie", socket: "no cookie"},
		{name: "silence", handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }),
			options: socketio.Options{Timeout: 50 * time.Millisecond},
			polling: "no connection within 50ms", socket: "no connection within 50ms"},
	} {
		for name, text := range map[string]string{"polling": test.polling, "websocket": test.socket} {
			t.Run(test.name+" by "+name, func(t *testing.T) {
				s := httptest.NewServer(test.handler)
				defer s.Close()
				err := refusal(t, s.URL, name, test.options)
				require.ErrorContains(t, err, text)
				if test.as != nil {
					require.ErrorAs(t, err, test.as)
				}
			})
		}
	}

	for _, name := range []string{"polling", "websocket"} {
		t.Run("nobody listens by "+name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			require.NoError(t, l.Close())
			require.ErrorContains(t, refusal(t, "http://"+l.Addr().String(), name, socketio.Options{}), "refused")
		})
		t.Run("a certificate that nobody vouches for by "+name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(good)
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.StartTLS()
			defer s.Close()
			err := refusal(t, s.URL, name, socketio.Options{})
			var cause *tls.CertificateVerificationError
			require.ErrorAs(t, err, &cause)
			require.ErrorContains(t, err, "certificate")
		})
		t.Run("no TLS by "+name, func(t *testing.T) {
			s := httptest.NewServer(good)
			defer s.Close()
			require.ErrorContains(t, refusal(t, "https"+s.URL[len("http"):], name, socketio.Options{}), "HTTP response to HTTPS client")
		})
	}
}

// A refused upgrade leaves the connection with polling.
func TestRefusedUpgrade(t *testing.T) {
	good := server.New(nil)
	defer good.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			http.Error(w, "no WebSocket through here", http.StatusForbidden)
			return
		}
		good.ServeHTTP(w, r)
	}))
	defer s.Close()
	failed := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	client, err := socketio.New(s.URL, nil)
	require.NoError(t, err)
	client.Manager().AddTrace(&socketio.Trace{UpgradeFailed: func(_ socketio.Session, err error) { failed <- err }})
	require.NoError(t, client.Connect(ctx))
	defer client.Close()
	select {
	case err := <-failed:
		require.ErrorContains(t, err, "engineio: upgrade: ")
		require.ErrorContains(t, err, "no WebSocket through here")
	case <-ctx.Done():
		require.Fail(t, "the upgrade has not failed")
	}
	require.True(t, client.Connected())
}

// refusal returns the error of the only attempt to connect.
func refusal(t *testing.T, url, transport string, options socketio.Options) error {
	t.Helper()
	options.Transports = []string{transport}
	options.NoReconnect = true
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, err := socketio.Dial(ctx, url, &options)
	require.Error(t, err)
	return err
}
