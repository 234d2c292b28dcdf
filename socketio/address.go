package socketio

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrURL is matched by the error for a URL that cannot be one of a Socket.IO
// server.
var ErrURL = errors.New("not a usable URL")

func urlError(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrURL}, args...)...)
}

// address is what the URL given to New says. net/url would cost a browser
// program a fifth of the whole client, and what is needed of a URL is little.
type address struct {
	secure    bool
	host      string // in lower case, with the port if there is one
	namespace string // the path as it is written; "/" without one
	query     string // as it is written, without the question mark
}

// parseAddress parses a URL with one of the schemes http, https, ws and wss, or
// one that is relative to base: "//host/chat", "/chat", "?token=x" or "". One that begins
// with a host, "host:3000/chat", has the scheme of base, or https as in the JavaScript
// client.
func parseAddress(url, base string) (address, error) {
	a, err := splitAddress(url, base)
	if err != nil {
		return address{}, fmt.Errorf("socketio: %w", err) // not the URL: there may be secrets in it
	}
	return a, nil
}

func splitAddress(url, base string) (address, error) {
	if i := indexRefused(url, ""); i >= 0 {
		return address{}, urlError("control character at offset %d", i)
	}
	var a address
	rest, _, _ := strings.Cut(url, "#")
	rest, a.query, _ = strings.Cut(rest, "?")
	a.query = escapeQuery(a.query)

	scheme, afterScheme, absolute := strings.Cut(rest, "://")
	switch {
	case absolute && !strings.Contains(scheme, "/"):
		if err := a.setScheme(scheme); err != nil {
			return address{}, err
		}
		rest = afterScheme
	case isHost(rest):
		a.secure = !strings.HasPrefix(base, "http:")
	case base == "":
		return address{}, urlError("no scheme, and nothing it could be relative to")
	default:
		at, err := splitAddress(base, "")
		if err != nil {
			return address{}, err
		}
		a.secure, a.host = at.secure, at.host
		switch {
		case strings.HasPrefix(rest, "//"):
			rest = rest[len("//"):]
		case rest == "" || rest[0] == '/':
			a.setPath(rest)
			return a, nil
		default:
			return address{}, urlError("a relative URL begins with a slash")
		}
	}

	slash := strings.IndexByte(rest, '/')
	if slash < 0 {
		slash = len(rest)
	}
	a.host = lower(strings.TrimSuffix(rest[:slash], ":"))
	a.setPath(rest[slash:])
	return a, checkHost(a.host)
}

// isHost reports whether what has no scheme begins with a host: it has a dot or a port,
// which a name of a namespace without its slash has not.
func isHost(rest string) bool {
	host, _, _ := strings.Cut(rest, "/")
	if name, port, ok := splitPort(host); ok {
		return name != "" && port != "" && port[0] >= '0' && port[0] <= '9' // else it is a scheme
	}
	return indexRefused(host, ".]") >= 0
}

func (a *address) setScheme(scheme string) error {
	switch lower(scheme) {
	case "http", "ws":
		a.secure = false
	case "https", "wss":
		a.secure = true
	default:
		return urlError("scheme %q is none of http, https, ws and wss", scheme)
	}
	return nil
}

// lower returns the ASCII letters in lower case. Those of all scripts would cost a browser
// program 5 KB.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}

func (a *address) setPath(path string) {
	if a.namespace = path; path == "" {
		a.namespace = "/"
	}
}

// checkHost accepts a name, an IPv4 address or an IPv6 address in brackets, which may
// have a zone, with or without a port.
func checkHost(host string) error {
	if strings.IndexByte(host, '@') >= 0 {
		return urlError("credentials in a URL are not sent: use Options.Auth, or a header of the platform")
	}
	name, port, ok := splitPort(host)
	if ok {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return urlError("port %q", port)
		}
	}
	switch {
	case name == "":
		return urlError("no host")
	case name[0] == '[':
		ip, zone, zoned := strings.Cut(strings.TrimSuffix(name[1:], "]"), "%25")
		switch {
		case len(ip) < 2 || name[len(name)-1] != ']' || strings.Trim(ip, "0123456789abcdef:.") != "":
			return urlError("host %q (the zone of an address is written behind %%25)", name)
		case zoned && (zone == "" || escapeComponent(zone) != zone):
			return urlError("zone of host %q", name)
		}
	case indexRefused(name, " \"'<>\\^`{|}[]:%,;!$&()*+=") >= 0:
		return urlError("host %q", name)
	}
	return nil
}

// splitPort cuts a host before its port, if it has one.
//
//go:noinline
func splitPort(host string) (name, port string, ok bool) {
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		return host[:i], host[i+1:], true
	}
	return host, "", false
}

// isLoopback reports whether the host is this machine, which needs no network.
func (a *address) isLoopback() bool {
	name, _, _ := splitPort(a.host)
	return name == "localhost" || strings.HasPrefix(name, "127.") || name == "[::1]"
}

// endpoint returns the http or https URL of the server's path, with the query of
// the address and the parameters of the options.
func (a *address) endpoint(path string, parameters map[string]string) string {
	scheme := "http://"
	if a.secure {
		scheme = "https://"
	}
	url := scheme + a.host + "/"
	if path = strings.Trim(path, "/"); path != "" {
		url += path + "/"
	}
	query := a.query
	for name, value := range parameters {
		if query != "" {
			query += "&"
		}
		query += escapeComponent(name) + "=" + escapeComponent(value)
	}
	if query != "" {
		url += "?" + query
	}
	return url
}

// checkPath returns an error for a path of the options that cannot stand in a URL.
func checkPath(path string) error {
	if i := indexRefused(path, " \"#<>?\\^`{|}"); i >= 0 {
		return fmt.Errorf("socketio: Options.Path is %s: %w: character at offset %d", path, ErrURL, i)
	}
	return nil
}

// checkNamespace returns an error for a name that no packet can carry: it ends at a
// comma there.
func checkNamespace(name string) error {
	if i := indexRefused(name, ","); i >= 0 {
		return fmt.Errorf("socketio: namespace %q: character at offset %d is not allowed", name, i)
	}
	return nil
}

// indexRefused returns where s has a control character or one of refused, or -1.
func indexRefused(s, refused string) int {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == 0x7f || strings.IndexByte(refused, c) >= 0 {
			return i
		}
	}
	return -1
}

// escapeQuery keeps a query as its author wrote it, and escapes only what cannot
// stand in a request.
func escapeQuery(query string) string {
	return escapeExcept(query, "-._~!$&'()*+,;=:@/?%[]|")
}

// escapeComponent does what encodeURIComponent does.
func escapeComponent(s string) string { return escapeExcept(s, "-._~!'()*") }

func escapeExcept(s, allowed string) string {
	const hex = "0123456789ABCDEF"
	escaped := make([]byte, 0, len(s))
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(allowed, c) >= 0:
			escaped = append(escaped, c)
		default:
			escaped = append(escaped, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(escaped)
}
