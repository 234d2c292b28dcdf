package socketio

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAddress(t *testing.T) {
	for _, test := range []struct {
		url, base string
		want      address
	}{
		{"http://h", "", address{false, "h", "/", ""}},
		{"https://h/", "", address{true, "h", "/", ""}},
		{"ws://h:80/chat", "", address{false, "h:80", "/chat", ""}},
		{"wss://h/chat/", "", address{true, "h", "/chat/", ""}},
		{"HTTPS://Example.COM/Chat", "", address{true, "example.com", "/Chat", ""}},
		{"Https://h/chat", "", address{true, "h", "/chat", ""}},
		{"wS://h", "", address{false, "h", "/", ""}},
		{"http://h:/chat", "", address{false, "h", "/chat", ""}},
		{"http://h:0080", "", address{false, "h:0080", "/", ""}},
		{"http://h.example./chat", "", address{false, "h.example.", "/chat", ""}},
		{"http://my_host", "", address{false, "my_host", "/", ""}},
		{"http://[fe80::1%25eth0]:3000", "", address{false, "[fe80::1%25eth0]:3000", "/", ""}},
		{"http://[FE80::ABCD]", "", address{false, "[fe80::abcd]", "/", ""}},
		{"localhost:3000", "", address{true, "localhost:3000", "/", ""}},
		{"h.example/chat?a=b", "", address{true, "h.example", "/chat", "a=b"}},
		{"[::1]:3000/chat", "", address{true, "[::1]:3000", "/chat", ""}},
		{"localhost:3000/chat", "http://page/x", address{false, "localhost:3000", "/chat", ""}},
		{"localhost:3000", "https://page/x", address{true, "localhost:3000", "/", ""}},
		{"http://h?a=b", "", address{false, "h", "/", "a=b"}},
		{"http://h/n?a=b&c=d#fragment?x", "", address{false, "h", "/n", "a=b&c=d"}},
		{"http://h#/n", "", address{false, "h", "/", ""}},
		{"http://h?next=http://other/x", "", address{false, "h", "/", "next=http://other/x"}},
		{"http://h/a//b/../c", "", address{false, "h", "/a//b/../c", ""}},
		{"http://h/räume", "", address{false, "h", "/räume", ""}},
		{"http://h/a@b", "", address{false, "h", "/a@b", ""}},
		{"http://h?q=a b\"<ü>%41", "", address{false, "h", "/", "q=a%20b%22%3C%C3%BC%3E%41"}},
		{"http://münchen.example:3000", "", address{false, "münchen.example:3000", "/", ""}},
		{"http://127.0.0.1:65535", "", address{false, "127.0.0.1:65535", "/", ""}},
		{"http://[::1]:3000/n", "", address{false, "[::1]:3000", "/n", ""}},
		{"http://[2001:db8::7]", "", address{false, "[2001:db8::7]", "/", ""}},

		{"", "https://page:8443/some/where?x=1#y", address{true, "page:8443", "/", ""}},
		{"/chat", "https://page/some/where?x=1", address{true, "page", "/chat", ""}},
		{"/chat?a=://", "https://page", address{true, "page", "/chat", "a=://"}},
		{"?a=b", "http://page/x", address{false, "page", "/", "a=b"}},
		{"//other:1/n", "https://page/x", address{true, "other:1", "/n", ""}},
		{"http://other/n", "https://page/x", address{false, "other", "/n", ""}},
		{"/http://other", "https://page/x", address{true, "page", "/http://other", ""}},
	} {
		t.Run(test.url, func(t *testing.T) {
			got, err := parseAddress(test.url, test.base)
			if test.want == (address{}) {
				require.ErrorIs(t, err, ErrURL)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestHostileAddress(t *testing.T) {
	for _, test := range []struct{ url, base, text string }{
		{"", "", "nothing it could be relative to"},
		{"/chat", "", "nothing it could be relative to"},
		{"chat", "http://page", "a relative URL begins with a slash"},
		{"localhost", "", "nothing it could be relative to"},
		{"chat/room.1", "http://page", "a relative URL begins with a slash"},
		{"http:h", "", "nothing it could be relative to"},
		{"http:/h", "", "nothing it could be relative to"},
		{"javascript:alert(1)", "http://page", "a relative URL begins with a slash"},
		{"data:text/html,x", "http://page", "a relative URL begins with a slash"},
		{"h:80x", "", `port "80x"`},
		{"user:secret@h:80", "", "credentials"},
		{"user@h.example", "", "credentials"},
		{"http://[fe80::1%eth0]", "", "%25"},
		{"http://[fe80::1%25]", "", "zone"},
		{"http://[fe80::1%25a/b]", "", ""},
		{"http://[fe80::1%25a%0d]", "", "zone"},
		{"http://h%25eth0", "", "host"},
		{" http://h", "", "scheme"},
		{"ftp://h", "", `scheme "ftp"`},
		{"javascript://h", "http://page", `scheme "javascript"`},
		{"://h", "", `scheme ""`},
		{"http://", "", "no host"},
		{"http:///chat", "", "no host"},
		{"//", "http://page", "no host"},
		{"http://:3000", "", "no host"},
		{"http://user:secret@h", "", "credentials"},
		{"http://user@h:80/", "", "credentials"},
		{"http://h@evil/", "", "credentials"},
		{"http://h:0", "", `port "0"`},
		{"http://h:65536", "", `port "65536"`},
		{"http://h:-1", "", `port "-1"`},
		{"http://h:80x", "", `port "80x"`},
		{"http://h:80:81", "", "host"},
		{"http://[::1", "", ""},
		{"http://[]:80", "", "host"},
		{"http://[::1]x:80", "", "host"},
		{"http://[g::]", "", "host"},
		{"http://::1/", "", ""},
		{"http://a b/", "", "host"},
		{`http://a\b/`, "", "host"},
		{"http://a%0d%0a/", "", "host"},
		{"http://<script>/", "", "host"},
		{"http://h\r\nX: y/", "", "control character"},
		{"http://h/\x00", "", "control character"},
		{"http://h/n?a=\n", "", "control character"},
		{"http://h\x7f", "", "control character"},
		{"/x", "about:blank", "nothing it could be relative to"},
		{"/x", "file:///index.html", `scheme "file"`},
	} {
		t.Run(test.url, func(t *testing.T) {
			_, err := parseAddress(test.url, test.base)
			require.ErrorIs(t, err, ErrURL)
			require.ErrorContains(t, err, test.text)
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

func FuzzAddress(f *testing.F) {
	for _, url := range []string{"http://h:1/n?a=b#c", "//h", "/x", "", "wss://[::1]:1/", "http://u@h"} {
		f.Add(url)
	}
	f.Fuzz(func(t *testing.T, url string) {
		a, err := parseAddress(url, "https://page/x")
		if err != nil {
			require.ErrorIs(t, err, ErrURL)
			return
		}
		require.NotEmpty(t, a.host)
		require.Equal(t, byte('/'), a.namespace[0])
		for i := range len(a.query) {
			require.True(t, a.query[i] > ' ' && a.query[i] < 0x7f, "query %q", a.query)
		}
		again, err := parseAddress(a.endpoint("/p/", map[string]string{"a b": "c&d"}), "")
		require.NoError(t, err)
		require.Equal(t, a.host, again.host)
		require.Equal(t, a.secure, again.secure)
		require.Equal(t, "/p/", again.namespace)
	})
}

func TestEndpoint(t *testing.T) {
	a := address{secure: true, host: "h:1", query: "x=1"}
	require.Equal(t, "https://h:1/socket.io/?x=1", a.endpoint("/socket.io/", nil))
	require.Equal(t, "https://h:1/socket.io/?x=1", a.endpoint("socket.io", nil))
	require.Equal(t, "https://h:1/?x=1", a.endpoint("/", nil))
	require.Equal(t, "https://h:1/a/b/?x=1&to%20ken=%C3%BC%26%3D%2B1", a.endpoint("a/b", map[string]string{"to ken": "ü&=+1"}))
	a = address{host: "h", namespace: "/n"}
	require.Equal(t, "http://h/socket.io/", a.endpoint("/socket.io/", nil))
	require.Equal(t, "http://h/socket.io/?k=v", a.endpoint("/socket.io/", map[string]string{"k": "v"}))
}

func TestHostilePath(t *testing.T) {
	for _, path := range []string{"/a?b", "/a#b", "/a b", "/\r\n", `\`, "/<"} {
		_, err := New("http://h", &Options{Path: path})
		require.ErrorIs(t, err, ErrURL, "%q", path)
	}
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "localhost:80": true, "127.0.0.1:80": true, "127.1.2.3": true, "[::1]:80": true, "[::1]": true,
		"example.com": false, "localhost.example.com": false, "128.0.0.1": false, "[::2]": false,
	} {
		a := address{host: host}
		require.Equal(t, want, a.isLoopback(), host)
	}
}

func TestNamespaceNames(t *testing.T) {
	m, err := NewManager("http://h", nil)
	require.NoError(t, err)
	for given, want := range map[string]string{"": "/", "/": "/", "chat": "/chat", "/chat": "/chat", "/räume": "/räume"} {
		s, err := m.Socket(given, nil)
		require.NoError(t, err)
		require.Equal(t, want, s.Namespace())
		again, err := m.Socket(want, nil)
		require.NoError(t, err)
		require.Same(t, s, again)
	}
	for _, name := range []string{"/a,b", "/a\nb", "/\x00"} {
		_, err := m.Socket(name, nil)
		require.ErrorContains(t, err, "is not allowed", "%q", name)
	}
	_, err = New("http://h/a,b", nil)
	require.ErrorContains(t, err, "is not allowed")
}
