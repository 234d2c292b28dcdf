package server

import (
	"net/http"
	"net/url"
	"time"

	"github.com/isosocket/isosocket/socketio/parser"
)

// Handshake is what a client told when it connected. Headers, URL and address
// are those of its first HTTP request, shared by its sockets: do not change them.
type Handshake struct {
	Header     http.Header // all of it, cookies included
	URL        *url.URL    // with the query that the client was given
	RemoteAddr string      // as net/http tells it, of a proxy if there is one
	Secure     bool        // the request came over TLS
	Time       time.Time   // of the request

	auth parser.Value // the payload for the namespace
}

// DecodeAuth decodes what the client sent as its auth, an object, into target, a
// pointer. If it sent none the target stays as it is.
func (h Handshake) DecodeAuth(target any) error { return h.auth.Decode(target) }
