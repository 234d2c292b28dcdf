package socketio

import (
	"context"
	"time"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

// Options configure a [Manager] and the sockets that [New] and [Dial] make. Nil
// and the zero value are useful: every field says what its zero means. They are read
// once, by [New], [Dial] and [NewManager], which return an error for what cannot work: a
// negative value, unless the field says what it means, and a duration of less than a
// millisecond, which is a number that lacks its unit.
type Options struct {
	// Path is where the server answers, as in its own Path option. The path of
	// the URL is the namespace, not this. "" means "/socket.io/"; a slash is added
	// at either end where it is missing.
	Path string

	// Query is sent with every HTTP request of the connection, after the query of
	// the URL. The server finds it in the handshake. Credentials belong into
	// Auth: queries end up in logs.
	Query map[string]string

	// Transports in order of preference: the first one opens the connection, and
	// polling is then upgraded to WebSocket if that is in the list too. Nil means
	// "polling", "websocket". One that the runtime lacks is left out.
	Transports []string

	// TryAllTransports goes on with the next transport when the first one fails
	// to open, or has used up its share of Timeout. Without it the attempt has
	// failed then, as with the JavaScript client.
	TryAllTransports bool

	// Auth is asked for the payload of CONNECT each time a socket connects or
	// reconnects, so a token can be renewed. The value must become an object;
	// nil means none. It must return when ctx is
	// done, which ends with the connection.
	//
	// An error is reported to OnConnectError and Auth is asked again after the
	// reconnection delay, on the same connection. An error that is a
	// [*ConnectError] ends the connecting for good.
	Auth func(ctx context.Context) (any, error)

	// Timeout bounds one attempt to open the connection, and the upgrade. 0
	// means 20 s, negative means no bound.
	Timeout time.Duration

	// NoReconnect makes the first failure final, of a connection and of an
	// attempt to open one.
	NoReconnect bool

	// ReconnectionAttempts is how many attempts in a row may fail, not counting
	// the first one, before the client gives up. An attempt has succeeded when a
	// namespace is joined. 0 means that it does not give up.
	ReconnectionAttempts int

	// ReconnectionDelay is the delay before the first attempt to reconnect; it
	// doubles with every attempt. What the server asks for with Retry-After, up to
	// five minutes, comes on top. 0 means 1 s.
	ReconnectionDelay time.Duration

	// ReconnectionDelayMax bounds the delay between attempts. 0 means 5 s.
	ReconnectionDelayMax time.Duration

	// RandomizationFactor, up to 1, is the share of the delay that chance adds or
	// takes away, so that clients do not come back all at once. 0 means 0.5,
	// negative means none.
	RandomizationFactor float64

	// SendBufferBytes bounds what one socket buffers while it is not connected, and
	// what one connection buffers when the network is slower than the program, in bytes
	// held: of each packet its messages and what keeping them takes. Emit then returns
	// [ErrBufferFull]; acknowledgements always fit, and no handler starts while that much
	// waits. 0 means 64 MiB, negative means no bound.
	SendBufferBytes int

	// MaxPayload bounds what the server may send at once, in bytes: an HTTP response,
	// and a message, which is an event or an attachment. A larger one ends the
	// connection. 0 means 100 MiB, negative means no bound.
	MaxPayload int

	// MaxAttachments bounds the attachments of one event or acknowledgement. 0 means 10,
	// as in socket.io-parser/lib/index.ts, negative means that the server may send none.
	// More than that, or than 10 if this is less, are not sent either, because a server
	// that does not expect them hangs up.
	MaxAttachments int

	// MaxAttachmentBytes bounds the attachments of one event together, each of which is
	// bounded by MaxPayload. 0 means ten times MaxPayload, but no more than 100 MiB, or
	// than MaxPayload if that is more; negative means no bound.
	MaxAttachmentBytes int

	// KeepWhenSuspended keeps the connection open when the runtime says that the
	// program is about to be frozen, as a page that enters the back-forward
	// cache. Without it, it is closed cleanly then, and opened again when the
	// program resumes.
	KeepWhenSuspended bool

	// Format is how packets are written, which must be that of the server. Nil
	// means [parser.JSON], that of the protocol document, for MaxAttachments.
	Format parser.Format

	// Platform is the runtime's network. The zero value means the default one:
	// net/http and a WebSocket library natively, fetch and WebSocket in a
	// browser. Knobs of one runtime, such as headers, TLS or credentials, are in
	// its configuration: see packages transportnative and transportjs.
	Platform transport.Platform

	// OnError is called with the errors and panics of handlers and of other functions
	// of the program ([*event.HandlerError]), which no call can return, and with those of
	// Auth that no function of OnConnectError hears. It runs on the socket's queue and
	// must not block.
	//
	// Nil means that they are printed on standard error, which is the console in a page,
	// at most ten a second, and so are attempts to connect that fail and that neither
	// OnConnectError nor a call of Connect hears of.
	OnError func(error)
}

func (o *Options) setDefaults() {
	if o.Path == "" {
		o.Path = "/socket.io/"
	}
	if o.Format == nil {
		o.Format = parser.JSON{MaxAttachments: max(o.MaxAttachments, 10)}
	}
	if o.OnError == nil {
		o.OnError = new(printer).print
	}
	o.Timeout = orDefault(o.Timeout, 20*time.Second)
	o.ReconnectionDelay = orDefault(o.ReconnectionDelay, time.Second)
	o.ReconnectionDelayMax = orDefault(o.ReconnectionDelayMax, 5*time.Second)
	o.RandomizationFactor = orDefault(o.RandomizationFactor, 0.5)
	o.SendBufferBytes = orDefault(o.SendBufferBytes, 64<<20)
	o.MaxPayload = orDefault(o.MaxPayload, defaultMaxPayload)
}

// defaultMaxPayload is the default of ws, the JavaScript client's WebSocket in Node.
const defaultMaxPayload = 100 << 20

// orDefault returns value, the default for zero, and zero for a negative value,
// which stands for "none".
func orDefault[T int | float64 | time.Duration](value, byDefault T) T {
	if value == 0 {
		return byDefault
	}
	return max(value, 0)
}

func (o *Options) transports() (names []engineio.Transport) {
	for _, name := range o.Transports {
		names = append(names, engineio.Transport(name))
	}
	return names
}

func (o *Options) backoff() backoff {
	return backoff{delay: o.ReconnectionDelay, max: o.ReconnectionDelayMax, jitter: o.RandomizationFactor}
}

// limits are those of a packet.
func (o *Options) limits() parser.Limits {
	limits := parser.Limits{MaxAttachments: o.MaxAttachments, MaxBytes: o.MaxPayload, MaxAttachmentBytes: o.MaxAttachmentBytes}
	if limits.MaxBytes == 0 {
		limits.MaxBytes = -1 // the parser's word for no limit
	}
	if limits.MaxAttachmentBytes == 0 {
		limits.MaxAttachmentBytes = max(min(limits.MaxBytes, defaultMaxPayload/10)*10, limits.MaxBytes)
	}
	return limits
}

func (o *Options) reportError(err error) {
	// What it does wrong itself there is nobody to tell.
	_ = endpoint.Contain("error", func() error { o.OnError(err); return nil })
}
