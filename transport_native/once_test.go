//go:build !js

package transportnative

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/transporttest"
)

// What keeps a request from being repeated must not be seen on the wire.
func TestRequestOnTheWire(t *testing.T) {
	const head = " / HTTP/1.1\r\nHost: server\r\nUser-Agent: Go-http-client/1.1\r\n"
	for _, test := range []struct {
		request transport.Request
		want    string
	}{
		{transport.Request{Method: "GET"}, "GET" + head + "Accept-Encoding: gzip\r\n\r\n"},
		{transport.Request{Method: "POST"}, "POST" + head + "Content-Length: 0\r\nAccept-Encoding: gzip\r\n\r\n"},
		{
			transport.Request{Method: "POST", ContentType: "text/plain", Body: []byte("x")},
			"POST" + head + "Content-Length: 1\r\nContent-Type: text/plain\r\nAccept-Encoding: gzip\r\n\r\nx",
		},
	} {
		n := transporttest.NewNetwork(1)
		listener, err := n.Listen("server:80")
		require.NoError(t, err)
		got := make(chan string, 1)
		go func() {
			defer close(got)
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			request := make([]byte, len(test.want))
			_, _ = io.ReadFull(conn, request)
			got <- string(request)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		}()
		client := &http.Client{Transport: &http.Transport{DialContext: n.Dial}}
		test.request.URL = "http://server/"
		_, err = Platform(&Config{HTTPClient: client}).RoundTripper.RoundTrip(t.Context(), &test.request)
		require.NoError(t, err)
		require.Equal(t, test.want, <-got)
		require.NoError(t, listener.Close())
	}
}

// A redirection is a second exchange, and not a repetition.
func TestRedirectedGet(t *testing.T) {
	server := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
			return
		}
		_, _ = io.WriteString(w, r.Method+r.URL.Path)
	}))
	response, err := platform(t, Config{}).RoundTripper.RoundTrip(t.Context(), &transport.Request{Method: "GET", URL: server.URL})
	require.NoError(t, err)
	require.Equal(t, "GET/there", string(response.Body))
}

// The frames of HTTP/2 that goAway uses. https://www.rfc-editor.org/rfc/rfc9113#section-6
const (
	http2Headers  = 1
	http2Settings = 4
	http2GoAway   = 7

	http2EndStreamAndHeaders = 5
)

// goAway serves one connection with HTTP/2. It says of the first request that it has not
// looked at it and will not, or answers it.
func goAway(conn net.Conn, answer bool) error {
	defer conn.Close()
	reader := bufio.NewReader(conn)
	if _, err := io.CopyN(io.Discard, reader, int64(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))); err != nil {
		return err
	}
	send := func(kind, flags byte, stream uint32, payload string) error {
		head := binary.BigEndian.AppendUint32([]byte{0, 0, byte(len(payload)), kind, flags}, stream)
		_, err := conn.Write(append(head, payload...))
		return err
	}
	if err := send(http2Settings, 0, 0, ""); err != nil {
		return err
	}
	for {
		var head [9]byte
		if _, err := io.ReadFull(reader, head[:]); err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, reader, int64(binary.BigEndian.Uint32(head[:4])>>8)); err != nil {
			return err
		}
		switch {
		case head[3] != http2Headers:
		case answer:
			const status200 = "\x88" // https://www.rfc-editor.org/rfc/rfc7541#appendix-A
			return send(http2Headers, http2EndStreamAndHeaders, binary.BigEndian.Uint32(head[5:]), status200)
		default:
			return send(http2GoAway, 0, 0, strings.Repeat("\x00", 8)) // no stream was looked at, no error
		}
	}
}

// A GET that the server says it has not looked at goes to another connection: that is
// how proxies end a connection with HTTP/2 now and then.
func TestUnseenGet(t *testing.T) {
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS()
	defer certificate.Close()
	config := certificate.TLS.Clone()
	config.NextProtos = []string{"h2"}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	require.NoError(t, err)
	served := make(chan struct{})
	go func() {
		defer close(served)
		for i := range 2 {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if err := goAway(conn, i == 1); err != nil {
				t.Errorf("connection %d: %v", i, err)
			}
		}
	}()
	pool := certificate.Client().Transport.(*http.Transport).Clone()
	pool.ForceAttemptHTTP2 = true
	defer pool.CloseIdleConnections()
	rt := Platform(&Config{HTTPClient: &http.Client{Transport: pool}}).RoundTripper
	response, err := rt.RoundTrip(context.Background(), &transport.Request{Method: "GET", URL: "https://" + listener.Addr().String()})
	require.NoError(t, listener.Close())
	<-served
	require.NoError(t, err)
	require.Equal(t, 200, response.Status)
}
