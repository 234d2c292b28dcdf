package server

import (
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/isosocket/isosocket/socketio/parser"
)

// Handshake is what a client told when it connected: copies from its first HTTP
// request, of which nothing else is kept. They are shared by its sockets: do not
// change them. Options.MaxHeaderBytes bounds them.
type Handshake struct {
	Header     http.Header          // all of it, cookies included
	Host       string               // that the client asked for
	URL        *url.URL             // its path, as the server saw it, and the query that the client was given
	RemoteAddr string               // as net/http tells it, of a proxy unless it is trusted; without the port from a proxy, and for a socket of another server
	Secure     bool                 // the request came over TLS
	TLS        *tls.ConnectionState // of the connection that it came on, with the client's certificates; nil without TLS, and for a socket of another server
	Time       time.Time            // of the request

	pathValues map[string]string // nil without any
	auth       parser.Value      // the payload for the namespace
}

// newHandshake copies what is kept of a request. Everything is cloned: the strings may
// lie in a buffer that is used again.
func newHandshake(r *http.Request, now time.Time) Handshake {
	return Handshake{
		Header:     cloneHeader(r.Header),
		Host:       strings.Clone(r.Host),
		URL:        &url.URL{Path: strings.Clone(r.URL.Path), RawPath: strings.Clone(r.URL.RawPath), RawQuery: strings.Clone(r.URL.RawQuery)},
		RemoteAddr: strings.Clone(r.RemoteAddr),
		Secure:     secure(r),
		TLS:        r.TLS,
		Time:       now,
		pathValues: pathValues(r),
	}
}

// cloneHeader copies a header, all its text in one piece.
func cloneHeader(h http.Header) http.Header {
	size, lines := 0, 0
	for name, values := range h {
		size += len(name)
		for _, value := range values {
			size += len(value)
			lines++
		}
	}
	var text strings.Builder
	text.Grow(size)
	clone := func(s string) string {
		start := text.Len()
		text.WriteString(s)
		return text.String()[start:]
	}
	all := make([]string, 0, lines)
	kept := make(http.Header, len(h))
	for name, values := range h {
		start := len(all)
		for _, value := range values {
			all = append(all, clone(value))
		}
		kept[clone(name)] = slices.Clip(all[start:])
	}
	return kept
}

// pathValues copies the values of the pattern that a request was routed by.
func pathValues(r *http.Request) map[string]string {
	var values map[string]string
	for pattern := r.Pattern; ; {
		_, rest, found := strings.Cut(pattern, "{")
		if !found {
			return values
		}
		var name string
		name, pattern, _ = strings.Cut(rest, "}")
		if value := r.PathValue(strings.TrimSuffix(name, "...")); value != "" {
			if values == nil {
				values = make(map[string]string)
			}
			values[strings.Clone(strings.TrimSuffix(name, "..."))] = strings.Clone(value)
		}
	}
}

// PathValue returns what the client's path has for a wildcard of the pattern that an
// [http.ServeMux] routed it by, or "". Options.Context can keep what other routers tell.
func (h Handshake) PathValue(name string) string { return h.pathValues[name] }

// Cookie returns the first cookie of that name, or [http.ErrNoCookie].
func (h Handshake) Cookie(name string) (*http.Cookie, error) {
	return (&http.Request{Header: h.Header}).Cookie(name)
}

// DecodeAuth decodes what the client sent as its auth, an object, into target, a
// pointer. If it sent none the target stays as it is.
func (h Handshake) DecodeAuth(target any) error { return h.auth.Decode(target) }

// relayedHandshake is a Handshake as servers tell each other, in the form of the
// official implementation. socket.io/lib/socket-types.ts Handshake
type relayedHandshake struct {
	Headers map[string]texts `json:"headers"` // names in lower case
	Time    string           `json:"time"`
	Address string           `json:"address"`
	XDomain bool             `json:"xdomain"` // the page is of another origin
	Secure  bool             `json:"secure"`
	Issued  int64            `json:"issued"` // in milliseconds
	URL     string           `json:"url"`
	Query   map[string]texts `json:"query"`
	Auth    any              `json:"auth"`
}

// texts is a string in JSON, or an array if there are several.
type texts []string

func (t texts) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

func (t *texts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(t))
}

// jsTime is how JavaScript prints a Date.
const jsTime = "Mon Jan 02 2006 15:04:05 GMT+0000 (Coordinated Universal Time)"

func (h Handshake) encode() (json.RawMessage, error) {
	r := relayedHandshake{
		Headers: make(map[string]texts, len(h.Header)),
		Time:    h.Time.UTC().Format(jsTime),
		Address: h.RemoteAddr,
		XDomain: h.Header.Get("Origin") != "",
		Secure:  h.Secure,
		Issued:  h.Time.UnixMilli(),
		URL:     h.URL.RequestURI(),
		Query:   make(map[string]texts),
		Auth:    struct{}{},
	}
	if h.Host != "" {
		r.Headers["host"] = texts{h.Host}
	}
	for name, values := range h.Header {
		r.Headers[strings.ToLower(name)] = texts{strings.Join(values, ", ")} // as Node's http does
	}
	for key, values := range h.URL.Query() {
		r.Query[key] = values
	}
	if host, _, err := net.SplitHostPort(h.RemoteAddr); err == nil {
		r.Address = host
	}
	if err := h.auth.Decode(&r.Auth); err != nil {
		return nil, err
	}
	return json.Marshal(r)
}

// handshakeOf is the reverse of encode.
func handshakeOf(text json.RawMessage) (Handshake, error) {
	var r relayedHandshake
	if err := json.Unmarshal(text, &r); err != nil {
		return Handshake{}, err
	}
	address, err := url.ParseRequestURI(r.URL)
	if err != nil {
		return Handshake{}, err
	}
	auth, err := json.Marshal(r.Auth)
	if err != nil {
		return Handshake{}, err
	}
	header := make(http.Header, len(r.Headers))
	for name, values := range r.Headers {
		header[http.CanonicalHeaderKey(name)] = values
	}
	host := header.Get("Host")
	header.Del("Host")
	return Handshake{
		Header:     header,
		Host:       host,
		URL:        address,
		RemoteAddr: r.Address,
		Secure:     r.Secure,
		Time:       time.UnixMilli(r.Issued),
		auth:       parser.Value{Format: neutral, Data: auth},
	}, nil
}
