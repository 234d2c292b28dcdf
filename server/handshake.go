package server

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// Handshake is what a client told when it connected. Headers, URL and address
// are those of its first HTTP request, shared by its sockets: do not change them.
type Handshake struct {
	Header     http.Header     // all of it, cookies included
	URL        *url.URL        // with the query that the client was given
	RemoteAddr string          // as net/http tells it, of a proxy if there is one
	Secure     bool            // the request came over TLS
	Time       time.Time       // of the request
	Auth       json.RawMessage // the payload for the namespace, a JSON object, or nil
}

// DecodeAuth decodes Auth into the target, a pointer. Without Auth it leaves it as it is.
func (h Handshake) DecodeAuth(target any) error {
	if len(h.Auth) == 0 {
		return nil
	}
	return json.Unmarshal(h.Auth, target)
}
