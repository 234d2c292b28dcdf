package server_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/transport"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

// handshakes returns a server, and the handshakes of its sessions.
func handshakes(t *testing.T, options *server.Options) (*server.Server, chan server.Handshake) {
	sio := server.New(options)
	t.Cleanup(func() { require.NoError(t, sio.Close()) })
	told := make(chan server.Handshake, 10)
	sio.AddTrace(&server.Trace{SessionOpened: func(s server.Session) { told <- s.Handshake() }})
	return sio, told
}

func TestHandshakeTellsHostPathAndCookies(t *testing.T) {
	sio, told := handshakes(t, &server.Options{Path: "/t/alice/io"})
	mux := http.NewServeMux()
	mux.Handle("/t/{tenant}/{rest...}", sio)
	r := httptest.NewRequest("GET", "http://a.example:3000/t/alice/io/?EIO=4&transport=polling&room=5", nil)
	r.AddCookie(&http.Cookie{Name: "theme", Value: "dark"})
	mux.ServeHTTP(httptest.NewRecorder(), r)
	h := <-told
	require.Equal(t, "a.example:3000", h.Host)
	require.Equal(t, "alice", h.PathValue("tenant"))
	require.Equal(t, "io/", h.PathValue("rest"))
	require.Empty(t, h.PathValue("other"))
	require.Equal(t, "/t/alice/io/?EIO=4&transport=polling&room=5", h.URL.String())
	cookie, err := h.Cookie("theme")
	require.NoError(t, err)
	require.Equal(t, "dark", cookie.Value)
	_, err = h.Cookie("other")
	require.ErrorIs(t, err, http.ErrNoCookie)
	require.Nil(t, h.TLS)
}

func TestHandshakeOverTLS(t *testing.T) {
	sio, told := handshakes(t, nil)
	h := httptest.NewUnstartedServer(sio)
	h.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	h.StartTLS()
	defer h.Close()
	client := h.Client()
	client.Transport.(*http.Transport).TLSClientConfig.Certificates = h.TLS.Certificates
	platform := transportnative.Platform(&transportnative.Config{HTTPClient: client})
	conn, err := platform.Dialer.Dial(t.Context(), "wss"+strings.TrimPrefix(h.URL, "https")+"/socket.io/?EIO=4&transport=websocket", 0)
	require.NoError(t, err)
	defer conn.Close(0, "")
	hs := <-told
	require.True(t, hs.Secure)
	require.Len(t, hs.TLS.PeerCertificates, 1)
	require.Equal(t, h.Certificate().SerialNumber, hs.TLS.PeerCertificates[0].SerialNumber)
}

// Some HTTP servers hand over strings that lie in a buffer, which they use again.
func TestHandshakeOutlivesTheRequest(t *testing.T) {
	var buffers [][]byte
	lent := func(text string) string {
		b := []byte(text)
		buffers = append(buffers, b)
		return unsafe.String(unsafe.SliceData(b), len(b))
	}
	sio, told := handshakes(t, nil)
	mux := http.NewServeMux()
	mux.Handle("/{name}/", sio)
	r := httptest.NewRequest("GET", "/", nil)
	r.URL.Path, r.URL.RawQuery = lent("/socket.io/"), lent("EIO=4&transport=polling&a=b")
	r.Host, r.RemoteAddr = lent("a.example"), lent("192.0.2.1:1")
	r.Header = http.Header{lent("Cookie"): {lent("a=b"), lent("c=d")}, lent("User-Agent"): {lent("me")}}
	mux.ServeHTTP(httptest.NewRecorder(), r)
	h := <-told
	for _, b := range buffers {
		for i := range b {
			b[i] = '!'
		}
	}
	require.Equal(t, "a.example", h.Host)
	require.Equal(t, "192.0.2.1:1", h.RemoteAddr)
	require.Equal(t, "/socket.io/?EIO=4&transport=polling&a=b", h.URL.String())
	require.Equal(t, http.Header{"Cookie": {"a=b", "c=d"}, "User-Agent": {"me"}}, h.Header)
	require.Equal(t, "socket.io", h.PathValue("name"))
	h.Header.Add("User-Agent", "more")
	require.Equal(t, []string{"a=b", "c=d"}, h.Header["Cookie"])
}

// A router may use its values again once the request is answered.
func TestNothingOfAnotherRequestIsSeen(t *testing.T) {
	type param struct{ value string }
	shared := &param{}
	r := serve(t, &server.Options{Context: func(ctx context.Context, r *http.Request) context.Context {
		return context.WithValue(ctx, param{}, r.Context().Value(contextKey{}).(*param).value)
	}})
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		shared.value = request.URL.Query().Get("tenant")
		r.ServeHTTP(w, request.WithContext(context.WithValue(request.Context(), contextKey{}, shared)))
	}))
	defer h.Close()
	r.url = h.URL
	found := make(chan *server.Socket, 2)
	r.OnConnect(func(s *server.Socket) { found <- s })
	join := func(tenant string) *server.Socket {
		platform := transportnative.Platform(nil)
		conn, err := platform.Dialer.Dial(r.ctx, "ws"+strings.TrimPrefix(r.url, "http")+"/socket.io/?"+ask+"&tenant="+tenant, 0)
		require.NoError(t, err)
		t.Cleanup(func() { conn.Close(0, "") })
		require.NoError(t, conn.Write(r.ctx, transport.Message{Data: []byte("40")}))
		return await(r, found)
	}
	alice, mallory := join("alice"), join("mallory")
	require.Equal(t, "alice", alice.Context().Value(param{}))
	require.Equal(t, "mallory", mallory.Context().Value(param{}))
	require.Nil(t, alice.Context().Value(contextKey{}))
}

// A hook that fails costs its client the connection, and no place.
func TestContextThatPanics(t *testing.T) {
	for _, transport := range []string{"polling", "websocket"} {
		t.Run(transport, func(t *testing.T) {
			logger, lines := newLog(0)
			fails := true
			r := serve(t, &server.Options{Logger: logger, MaxConnections: 1, Context: func(context.Context, *http.Request) context.Context {
				if fails {
					panic("no session store")
				}
				return nil
			}})
			for range 2 {
				if transport == "polling" {
					status, _ := r.http("GET", "transport=polling", "")
					require.Equal(t, 503, status)
				} else {
					c := r.tcp()
					c.upgrade(ask, "")
					require.Equal(t, 101, c.status())
					c.wantEOF()
				}
				line := await(r, lines)
				require.Equal(t, "ERROR", line["level"])
				require.Contains(t, line["error"], "no session store")
				require.Contains(t, line["stack"], "handshake_test.go")
			}
			fails = false
			require.Eventually(t, func() bool { return r.Stats().Connections == 0 }, patience, 1)
			r.join("/")
			require.Empty(t, lines)
		})
	}
}

// A header costs what the option allows at most, however short its lines are.
func TestHeldOfHeaders(t *testing.T) {
	held := func(count, lines, status int) int {
		r := serve(t, nil)
		var header strings.Builder
		for i := range lines {
			fmt.Fprintf(&header, "%c%c%c:\r\n", 'a'+i%26, 'a'+i/26%26, 'a'+i/26/26%26)
		}
		request := "GET " + pollingHandshake + " HTTP/1.1\r\nHost: x\r\n" + header.String() + "\r\n"
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for range count {
			c := r.tcp()
			c.print(request)
			require.Equal(t, status, c.status())
			require.NoError(t, c.Conn.Close())
			c.reader, c.Conn = nil, nil
		}
		http.DefaultClient.CloseIdleConnections()
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&after)
		return (int(after.HeapAlloc) - int(before.HeapAlloc)) / count
	}
	require.Less(t, held(10, 1, 200), 16<<10)
	require.Less(t, held(10, 190, 200), 16<<10+32<<10, "nearly 16 KiB are allowed")
	require.Less(t, held(3, 190_000, 431), 16<<10, "a request of 1 MB")
}

func TestTrustedProxies(t *testing.T) {
	forwarded := http.Header{
		"X-Forwarded-For":   {"6.6.6.6, 192.0.2.7"},
		"X-Forwarded-Host":  {"evil.example, www.example.com"},
		"X-Forwarded-Proto": {"https"},
	}
	for _, test := range []struct {
		name    string
		proxies []string
		remote  string
		header  http.Header

		address, host string
		secure        bool
	}{
		{"none", nil, "10.0.0.1:1", forwarded, "10.0.0.1:1", "backend", false},
		{"another", []string{"10.0.0.2", "192.168.0.0/16"}, "10.0.0.1:1", forwarded, "10.0.0.1:1", "backend", false},
		{"address", []string{"10.0.0.1"}, "10.0.0.1:1", forwarded, "192.0.2.7", "www.example.com", true},
		{"prefix", []string{"10.0.0.0/8"}, "10.0.0.1:1", forwarded, "192.0.2.7", "www.example.com", true},
		{"mapped", []string{"10.0.0.0/8"}, "[::ffff:10.0.0.1]:1", forwarded, "192.0.2.7", "www.example.com", true},
		{"IPv6", []string{"fd00::/8"}, "[fd00::1]:1", forwarded, "192.0.2.7", "www.example.com", true},
		{"two, each adding", []string{"10.0.0.0/8"}, "10.0.0.1:1", http.Header{
			"X-Forwarded-For":   {"6.6.6.6, 192.0.2.7", "10.0.0.2"},
			"X-Forwarded-Host":  {"evil.example, www.example.com, inner"},
			"X-Forwarded-Proto": {"https,http"},
		}, "192.0.2.7", "www.example.com", true},
		{"two, the last one writing", []string{"10.0.0.0/8"}, "10.0.0.1:1", http.Header{
			"X-Forwarded-For": {"192.0.2.7:4711, 10.0.0.2"}, "X-Forwarded-Host": {"www.example.com"}, "X-Forwarded-Proto": {"http"},
		}, "192.0.2.7", "www.example.com", false},
		{"no address", []string{"10.0.0.0/8"}, "10.0.0.1:1", http.Header{"X-Forwarded-For": {"192.0.2.7, unknown"}}, "10.0.0.1:1", "backend", false},
		{"all ours", []string{"10.0.0.0/8"}, "10.0.0.1:1", http.Header{"X-Forwarded-For": {"10.0.0.3, 10.0.0.2"}}, "10.0.0.3", "backend", false},
		{"no headers", []string{"10.0.0.0/8"}, "10.0.0.1:1", nil, "10.0.0.1:1", "backend", false},
		{"Unix socket", []string{"10.0.0.0/8"}, "@", forwarded, "@", "backend", false},
		{"Unix socket, trusted", []string{"unix"}, "@", forwarded, "192.0.2.7", "www.example.com", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			sio, told := handshakes(t, &server.Options{TrustedProxies: test.proxies, Cookie: &server.Cookie{}})
			r := httptest.NewRequest("GET", pollingHandshake, nil)
			r.RemoteAddr, r.Host = test.remote, "backend"
			for name, values := range test.header {
				r.Header[name] = values
			}
			if test.remote == "@" {
				r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.UnixAddr{Net: "unix", Name: "x"}))
			}
			w := httptest.NewRecorder()
			sio.ServeHTTP(w, r)
			h := <-told
			require.Equal(t, test.address, h.RemoteAddr)
			require.Equal(t, test.host, h.Host)
			require.Equal(t, test.secure, h.Secure)
			require.Equal(t, test.secure, strings.Contains(w.Header().Get("Set-Cookie"), "; Secure"))
			require.Equal(t, "backend", r.Host, "the caller's request is as it was")
		})
	}
}

// The page's host is the one that a trusted proxy was asked for.
func TestOriginBehindAProxy(t *testing.T) {
	for proxies, status := range map[string]int{"127.0.0.1": 101, "192.0.2.1": 403} {
		r := serve(t, &server.Options{TrustedProxies: []string{proxies}})
		c := r.tcp()
		c.upgrade(ask, "Origin: https://www.example.com\r\nX-Forwarded-Host: www.example.com\r\n")
		require.Equal(t, status, c.status())
	}
}

// A refused WebSocket is told when to come again, like a polling client.
func TestWebSocketOfAFullServer(t *testing.T) {
	r := serve(t, &server.Options{MaxConnections: 1})
	query := r.poll()
	c := r.tcp()
	c.upgrade(ask, "")
	response, err := http.ReadResponse(c.reader, nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	require.Equal(t, 503, response.StatusCode)
	require.NotEmpty(t, response.Header.Get("Retry-After"))

	// An upgrade has the place of its session, also one that fails.
	_, sid, _ := strings.Cut(query, "sid=")
	for range 3 {
		ws := r.open(sid)
		ws.send("2wrong")
		_, err := ws.conn.Read(r.ctx)
		require.Error(t, err)
	}
	require.Equal(t, 1, r.Stats().Connections)
	r.http("POST", query, "1")
	r.join("/")
}
