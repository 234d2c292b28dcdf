package engineclient

import (
	"time"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

// Options say how to open a session.
type Options struct {
	// URL of the endpoint, http: or https:, with the query of the user:
	// "http://host/socket.io/?token=x". The protocol's own parameters are added to it.
	URL string

	// Transports in order of preference. The first one opens the session, or with
	// TryAll the first one that can in its share of the time. Ones that the runtime lacks are left out. Nil
	// means polling, upgraded to WebSocket.
	Transports []engineio.Transport
	TryAll     bool // of them

	Dialer       transport.Dialer       // nil: no WebSocket
	RoundTripper transport.RoundTripper // nil: no polling

	// UpgradeTimeout bounds the probing of a WebSocket. 0 means no bound.
	UpgradeTimeout time.Duration

	// MaxPayload bounds the bytes of a received message or response. 0 means no bound.
	MaxPayload int

	// SendBuffer bounds the bytes held of what waits to be sent. 0 means no bound.
	SendBuffer int

	// Revision of the protocol. Nil means engineio.Revision4.
	Revision *engineio.Revision

	// The hooks are called while the session waits for them. Nil ones are not called.
	OnPing     func()          // a ping was received and is answered
	OnUpgraded func()          // the session moved to WebSocket
	OnStay     func(err error) // it could not, and stays with polling
}

func (o *Options) withDefaults() {
	if o.Transports == nil {
		o.Transports = []engineio.Transport{engineio.Polling, engineio.WebSocket}
	}
	if o.Revision == nil {
		o.Revision = engineio.Revision4
	}
}

// has reports whether the runtime offers a transport.
func (o *Options) has(name engineio.Transport) bool {
	switch name {
	case engineio.Polling:
		return o.RoundTripper != nil
	case engineio.WebSocket:
		return o.Dialer != nil
	}
	return false
}
