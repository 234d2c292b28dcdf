//go:build !js

package transportnative

import (
	"net/http"
	"net/http/cookiejar"
	"sync"
	"time"

	"github.com/isosocket/isosocket/transport"
)

// Config is what only this runtime lets a client choose. Nil and the zero value are useful.
type Config struct {
	// HTTPClient does all exchanges, handshakes of WebSockets included: proxies, TLS
	// settings and cookies are the ones of its Transport and Jar. It is copied by
	// Platform. If nil, it is one whose fields are.
	//
	// A Transport must be an [http.Transport] or pass requests on to one with their
	// context. If nil, it is a clone of [http.DefaultTransport], made when it is first
	// needed, that closes an idle connection after 4 seconds, before servers do.
	//
	// A nil Jar is replaced by one of the Platform, because load balancers need their
	// cookies back. CheckRedirect may forbid redirects, and cannot allow more than
	// stay at their origin. Timeout bounds the handshake of a WebSocket only: a server
	// that has nothing to say leaves a GET unanswered.
	HTTPClient *http.Client

	// Header is added to every request, as "Host" its host. It must not be changed
	// afterwards. Names that belong to the protocols, such as "Content-Length", and what
	// is no header at all make the Err of the Platform.
	Header http.Header

	// StallTimeout is how long a server may take for 10,000 bytes of what waits for it
	// on a WebSocket, or for as much of a message that it has begun to send, and up to a
	// quarter more. If zero, it is 10 seconds.
	StallTimeout time.Duration
}

// idleTimeout is less than what servers keep an idle connection for, 5 seconds in Node.js
// by default. A request that meets a connection being closed fails, because none is repeated.
const idleTimeout = 4 * time.Second

// defaultTransport is one for all, so that clients share connections with HTTP/2.
var defaultTransport = sync.OnceValue(func() http.RoundTripper {
	pool, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport // the program's own
	}
	pool = pool.Clone()
	pool.IdleConnTimeout = idleTimeout
	return pool
})

// httpClient returns a client of the platform's own.
func (c *Config) httpClient() *http.Client {
	client := new(http.Client)
	if c.HTTPClient != nil {
		*client = *c.HTTPClient
	}
	if client.Transport == nil {
		client.Transport = defaultTransport()
	}
	if client.Jar == nil {
		jar, err := cookiejar.New(nil)
		if err != nil {
			panic("BUG: a cookie jar without options failed: " + err.Error())
		}
		client.Jar = jar
	}
	client.CheckRedirect = stayAtOrigin(client.CheckRedirect)
	return client
}

// Platform returns the native runtime of a client. Polling and WebSocket share the
// cookies, so that a load balancer's cookie leads both to the same server. The
// platform may be used by many clients at once; config may be nil. Its Err says what is
// wrong with the config.
func Platform(config *Config) transport.Platform {
	if config == nil {
		config = new(Config)
	}
	client := config.httpClient()
	extra, err := split(config.Header)
	return transport.Platform{
		Dialer:       &dialer{client, extra, stallTimeout(config.StallTimeout)},
		RoundTripper: newRoundTripper(client, extra),
		Err:          err,
	}
}
