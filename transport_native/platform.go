//go:build !js

package transportnative

import (
	"net/http"
	"net/http/cookiejar"
	"time"

	"github.com/isosocket/isosocket/transport"
)

// Config is what only this runtime lets a client choose. Nil and the zero value are useful.
type Config struct {
	// HTTPClient does all exchanges, handshakes of WebSockets included: proxies, TLS
	// settings and cookies are the ones of its Transport and Jar. The Transport must be an
	// [http.Transport] or pass requests on to one with their context.
	// If nil, it is a client with [http.DefaultTransport] and a cookie jar of its own.
	HTTPClient *http.Client

	// Header is added to every request. It must not be changed afterwards.
	Header http.Header

	// StallTimeout is how long a server may take for 10,000 bytes of what waits for it
	// on a WebSocket, or for as much of a message that it has begun to send, and up to a
	// quarter more. If zero, it is 10 seconds.
	StallTimeout time.Duration
}

func (c *Config) httpClient() *http.Client {
	if c != nil && c.HTTPClient != nil {
		return c.HTTPClient
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic("BUG: a cookie jar without options failed: " + err.Error())
	}
	return &http.Client{Jar: jar}
}

// transportOf returns what the client does its exchanges with.
func transportOf(client *http.Client) http.RoundTripper {
	if client.Transport == nil {
		return http.DefaultTransport
	}
	return client.Transport
}

func (c *Config) header() http.Header {
	if c == nil {
		return nil
	}
	return c.Header
}

func (c *Config) stallTimeout() time.Duration {
	if c == nil {
		return stallTimeout(0)
	}
	return stallTimeout(c.StallTimeout)
}

// Platform returns the native runtime of a client. Polling and WebSocket share the
// cookies, so that a load balancer's cookie leads both to the same server. The
// platform may be used by many clients at once; config may be nil.
func Platform(config *Config) transport.Platform {
	client := config.httpClient()
	return transport.Platform{
		Dialer:       &dialer{client, config.header(), config.stallTimeout()},
		RoundTripper: newRoundTripper(client, config.header()),
	}
}
