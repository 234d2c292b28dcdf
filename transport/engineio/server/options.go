//go:build !js

package engineserver

import (
	"net/http"
	"time"

	"github.com/isosocket/isosocket/transport/engineio"
)

// Options configure a [Server]. Open must be set; the zero of every other field means
// what its comment says.
type Options struct {
	// Open is called for a new session before anything is received on it. The
	// request is valid until Open returns. It may send and set a deadline. When the
	// server was closed meanwhile, the receiver is told by Closed.
	Open func(s *Session, r *http.Request) Receiver

	// AllowRequest is asked about every handshake. An error rejects it with status
	// 403 and the error's text, which the client sees. Nil allows all.
	AllowRequest func(r *http.Request) error

	// Rejected is called for every request that was answered with an error, on the
	// goroutine that serves it. May be nil.
	Rejected func(r *http.Request, why Rejection)

	// Origins are patterns of origins whose pages may open a WebSocket, besides
	// those of the server's own host, see [OriginAllowed].
	Origins []string

	// AllowOrigin allows more by looking at a request. It may be nil.
	AllowOrigin func(r *http.Request) bool

	// Cookie returns the cookie that tells a load balancer of the session. May be nil.
	Cookie func(sid string, r *http.Request) *http.Cookie

	Transports []engineio.Transport // that clients may use; nil means both
	NoUpgrade  bool                 // sessions stay on the transport they began on

	PingInterval   time.Duration // from a pong to the next ping; 0 means 25 s
	PingTimeout    time.Duration // for a pong; 0 means 20 s
	UpgradeTimeout time.Duration // for a client that opened a WebSocket to move to it; 0 means 10 s
	StallTimeout   time.Duration // for 10,000 bytes, in either direction; 0 means 10 s
	CloseTimeout   time.Duration // for a client to take what was accepted before an orderly close; 0 means 30 s

	MaxPayload  int // bytes of one request body or one message; 0 means 1,000,000
	MaxHeader   int // bytes held of the URL and the headers of a request that opens a session; 0 means no limit
	MaxSessions int // 0 means no limit
	SendBuffer  int // bytes held of what waits to be sent on one session; 0 means no limit
	SendBuffers int // the same for all sessions together; beyond it those that take least are ended with ErrScarce; 0 means no limit

	// Revision of the protocol. Nil means engineio.Revision4.
	Revision *engineio.Revision
}

func (o *Options) withDefaults() {
	if o.Transports == nil {
		o.Transports = []engineio.Transport{engineio.Polling, engineio.WebSocket}
	}
	if o.Revision == nil {
		o.Revision = engineio.Revision4
	}
	if o.Rejected == nil {
		o.Rejected = func(*http.Request, Rejection) {}
	}
	orDefault(&o.PingInterval, 25*time.Second)
	orDefault(&o.PingTimeout, 20*time.Second)
	orDefault(&o.UpgradeTimeout, 10*time.Second)
	orDefault(&o.StallTimeout, 10*time.Second)
	orDefault(&o.CloseTimeout, 30*time.Second) // engine.io/lib/transports/polling.ts closeTimeout
	orDefault(&o.MaxPayload, 1e6)
}

func orDefault[T comparable](field *T, byDefault T) {
	var zero T
	if *field == zero {
		*field = byDefault
	}
}
