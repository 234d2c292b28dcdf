package server

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/isosocket/isosocket/socketio/parser"
)

// Handshake is what a client told when it connected. Headers, URL and address
// are those of its first HTTP request, shared by its sockets: do not change them.
type Handshake struct {
	Header     http.Header // all of it, cookies included
	URL        *url.URL    // with the query that the client was given
	RemoteAddr string      // as net/http tells it, of a proxy if there is one; without the port for a socket of another server
	Secure     bool        // the request came over TLS
	Time       time.Time   // of the request

	auth parser.Value // the payload for the namespace
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
	return Handshake{
		Header:     header,
		URL:        address,
		RemoteAddr: r.Address,
		Secure:     r.Secure,
		Time:       time.UnixMilli(r.Issued),
		auth:       parser.Value{Format: neutral, Data: auth},
	}, nil
}
