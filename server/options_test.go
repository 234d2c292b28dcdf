package server_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rs/cors"
	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
)

// Each option that can be wrong, with a value that cannot work.
var wrongOptions = []struct {
	options server.Options
	says    string // what New says, after "server: Options."
}{
	{server.Options{Transports: []string{"polling", "webtransport"}}, `Transports is [polling webtransport]`},
	{server.Options{Transports: []string{}}, "Transports is []"},
	{server.Options{PingInterval: 25000}, "PingInterval is 25µs"},
	{server.Options{PingInterval: -1}, "PingInterval is -1ns"},
	{server.Options{PingInterval: -time.Second}, "PingInterval is -1s"},
	{server.Options{PingTimeout: 20000}, "PingTimeout is 20µs"},
	{server.Options{PingTimeout: -1}, "PingTimeout is -1ns"},
	{server.Options{UpgradeTimeout: 10000}, "UpgradeTimeout is 10µs"},
	{server.Options{UpgradeTimeout: -time.Hour}, "UpgradeTimeout is -1h0m0s"},
	{server.Options{ConnectTimeout: 1}, "ConnectTimeout is 1ns"},
	{server.Options{ConnectTimeout: -1}, "ConnectTimeout is -1ns"},
	{server.Options{AttachmentTimeout: 1}, "AttachmentTimeout is 1ns"},
	{server.Options{AttachmentTimeout: -1}, "AttachmentTimeout is -1ns"},
	{server.Options{StallTimeout: time.Millisecond - 1}, "StallTimeout is 999.999µs"},
	{server.Options{StallTimeout: -1}, "StallTimeout is -1ns"},
	{server.Options{MaxPayload: -1}, "MaxPayload is -1"},
	{server.Options{MaxAttachmentBytes: -1}, "MaxAttachmentBytes is -1"},
	{server.Options{InboxBytes: -1}, "InboxBytes is -1"},
	{server.Options{MaxDepth: -1}, "MaxDepth is -1"},
	{server.Options{MaxDepth: 10_001}, "MaxDepth is 10001"},
	{server.Options{MaxNamespaces: -1}, "MaxNamespaces is -1"},
	{server.Options{MaxHeaderBytes: -1}, "MaxHeaderBytes is -1"},
	{server.Options{MaxUnfinished: -1}, "MaxUnfinished is -1"},
	{server.Options{MaxConnections: -1}, "MaxConnections is -1"},
	{server.Options{SendBufferBytes: -1}, "SendBufferBytes is -1"},
	{server.Options{TotalSendBufferBytes: -1}, "TotalSendBufferBytes is -1"},
	{server.Options{SendBufferBytes: 2, TotalSendBufferBytes: 1}, "TotalSendBufferBytes is 1"},
	{server.Options{CORS: &cors.Options{AllowCredentials: true}}, "CORS.AllowCredentials is true"},
	{server.Options{CORS: &cors.Options{AllowedOrigins: []string{"*"}, AllowCredentials: true}}, "CORS.AllowCredentials is true"},
	{server.Options{Origins: []string{"a.example", "[a"}}, "Origins is [a.example [a]"},
	{server.Options{Origins: []string{""}}, "Origins is []"},
	{server.Options{Path: "http://x/socket.io/"}, "Path is /http://x/socket.io/"},
	{server.Options{Path: "/chat?x"}, "Path is /chat?x"},
	{server.Options{TrustedProxies: []string{"10.0.0.0/8", "proxy"}}, "TrustedProxies is [10.0.0.0/8 proxy]"},
	{server.Options{TrustedProxies: []string{"10.0.0.0/33"}}, "TrustedProxies is [10.0.0.0/33]"},
	{server.Options{TrustedProxies: []string{""}}, "TrustedProxies is []"},
	{server.Options{Cookie: &server.Cookie{Name: "a b"}}, "Cookie is {Name:a b"},
	{server.Options{Cookie: &server.Cookie{Path: "a;b"}}, "Cookie is {Name: Path:a;b"},
	{server.Options{Cookie: &server.Cookie{Domain: "a b"}}, "Cookie is {Name: Path: Domain:a b"},
	{server.Options{Cookie: &server.Cookie{MaxAge: 3600}}, "Cookie.MaxAge is 3.6µs"},
	{server.Options{Cookie: &server.Cookie{MaxAge: -time.Hour}}, "Cookie.MaxAge is -1h0m0s"},
}

// Options of which every value works.
var anyValue = []string{"NoUpgrade", "MaxAttachments", "AllowRequest", "Context", "AnyOrigin", "Format", "Adapter", "Logger", "OnError"}

func TestOptionsThatCannotWork(t *testing.T) {
	seen := make(map[string]bool)
	for _, test := range wrongOptions {
		func() {
			defer func() {
				said, _ := recover().(string)
				require.True(t, strings.HasPrefix(said, "server: Options."+test.says), "%q does not begin with %q", said, test.says)
			}()
			server.New(&test.options)
		}()
		field, _, _ := strings.Cut(test.says, " ")
		field, _, _ = strings.Cut(field, ".")
		seen[field] = true
	}
	for _, field := range anyValue {
		seen[field] = true
	}
	for field := range reflect.TypeFor[server.Options]().Fields() {
		require.True(t, seen[field.Name], "nothing tries Options.%s", field.Name)
	}
}

func TestOptionsAtTheirEdges(t *testing.T) {
	sio := server.New(&server.Options{
		PingInterval:      time.Millisecond,
		PingTimeout:       time.Millisecond,
		UpgradeTimeout:    time.Millisecond,
		ConnectTimeout:    time.Millisecond,
		AttachmentTimeout: time.Millisecond,
		StallTimeout:      time.Millisecond,
		MaxPayload:        1,
		MaxAttachments:    -1,
		MaxDepth:          10_000,
		MaxNamespaces:     1,
		MaxHeaderBytes:    1,
		MaxConnections:    1,
		SendBufferBytes:   1,
		Transports:        []string{"websocket"},
		Origins:           []string{"*"},
		Cookie:            &server.Cookie{MaxAge: time.Second},
	})
	require.NoError(t, sio.Close())
}

func TestNamespacesThatNoPacketCanCarry(t *testing.T) {
	sio := server.New(nil)
	defer sio.Close()
	for _, name := range []string{"a,b", "/,", "/a\nb", "/\x00", "/a\u0085", "/\xff"} {
		require.Panics(t, func() { sio.Of(name) }, "%q", name)
	}
	for _, name := range []string{"", "/", "a", "/a/b", "/größe", "/a b", "/a?b=c", `/"`} {
		require.NotNil(t, sio.Of(name))
	}
	require.Same(t, sio.Of("/"), sio.Of(""))
	var names []string
	for _, n := range sio.Namespaces() {
		names = append(names, n.Name())
	}
	require.Equal(t, []string{"/", `/"`, "/a", "/a b", "/a/b", "/a?b=c", "/größe"}, names)
}
