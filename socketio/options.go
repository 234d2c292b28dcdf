package socketio

import (
	"context"
	"time"

	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/queue"
)

// Options configure a [Manager] and the sockets that [New] and [Dial] make. Nil
// and the zero value mean the defaults. They are read once: later changes have no
// effect.
type Options struct {
	// Path is where the server answers, as in its own Path option. The path of
	// the URL is the namespace, not this. Default "/socket.io/"; a slash is added
	// at either end where it is missing.
	Path string

	// Query is sent with every HTTP request of the connection, after the query of
	// the URL. The server finds it in the handshake. Credentials belong into
	// Auth: queries end up in logs.
	Query map[string]string

	// Transports in order of preference: the first one opens the connection, and
	// polling is then upgraded to WebSocket if that is in the list too. Default
	// "polling", "websocket". One that the runtime lacks is left out.
	Transports []string

	// TryAllTransports goes on with the next transport when the first one fails
	// to open. Default false: the attempt has failed, as with the JavaScript
	// client.
	TryAllTransports bool

	// Auth is asked for the payload of CONNECT each time a socket connects or
	// reconnects, so a token can be renewed. The value must become an object;
	// nil means none. It must return when ctx is
	// over, which ends with the connection.
	//
	// An error is reported to OnConnectError and Auth is asked again after the
	// reconnection delay, on the same connection. An error that is a
	// [*ConnectError] ends the connecting for good.
	Auth func(ctx context.Context) (any, error)

	// Timeout bounds one attempt to open the connection, and the upgrade. Default
	// 20 seconds; negative means none.
	Timeout time.Duration

	// NoReconnect makes the first failure final, of a connection and of an
	// attempt to open one.
	NoReconnect bool

	// ReconnectionAttempts is how many attempts in a row may fail, not counting
	// the first one, before the client gives up. Default 0: it does not give up.
	ReconnectionAttempts int

	// ReconnectionDelay is the delay before the first attempt to reconnect; it
	// doubles with every attempt. Default 1 second.
	ReconnectionDelay time.Duration

	// ReconnectionDelayMax bounds the delay between attempts. Default 5 seconds.
	ReconnectionDelayMax time.Duration

	// RandomizationFactor, up to 1, is the share of the delay that chance adds or
	// takes away, so that clients do not come back all at once. Default 0.5;
	// negative means none.
	RandomizationFactor float64

	// SendBufferBytes and SendBufferPackets bound what one socket buffers while
	// it is not connected, and what one connection buffers when the network is
	// slower than the program. Emit then returns [ErrBufferFull]. Defaults 16 MiB
	// and 10,000 packets; negative means no bound.
	SendBufferBytes   int // of all packets that wait
	SendBufferPackets int // an event and its attachments count as one

	// MaxMessage bounds, in bytes, a message or an HTTP response that the server
	// sends, and a packet together with its attachments. A larger one ends the
	// connection. Default 100 MiB; negative means no bound on messages and
	// responses.
	MaxMessage int

	// MaxAttachments bounds the binary attachments of one packet that the server
	// sends. Default 10, that of socket.io-parser/lib/index.ts; negative means
	// that there may be none.
	MaxAttachments int

	// KeepWhenSuspended keeps the connection open when the runtime says that the
	// program is about to be frozen, as a page that enters the back-forward
	// cache. Default false: it is closed cleanly then, and opened again when the
	// program resumes.
	KeepWhenSuspended bool

	// Format is how packets are written, which must be that of the server. Nil
	// means [parser.JSON], that of the protocol document.
	Format parser.Format

	// Platform is the runtime's network. The zero value means the default one:
	// net/http and a WebSocket library natively, fetch and WebSocket in a
	// browser. Knobs of one runtime, such as headers, TLS or credentials, are in
	// its configuration: see packages transportnative and transportjs.
	Platform transport.Platform

	// Trace is told what happens on the connection. Nil means nobody.
	Trace *Trace

	// OnError is told of errors that nobody else can return: a handler's error or
	// panic ([*event.HandlerError]). It runs on the socket's queue and must not
	// block. Nil means that they are dropped.
	OnError func(error)
}

const (
	defaultPath          = "/socket.io/"
	defaultTimeout       = 20 * time.Second
	defaultDelay         = time.Second
	defaultDelayMax      = 5 * time.Second
	defaultJitter        = 0.5
	defaultBufferBytes   = 16 << 20
	defaultBufferPackets = 10_000
	defaultMaxMessage    = 100 << 20 // the default of ws, the JavaScript client's WebSocket in Node
)

func (o *Options) transports() (names []engineio.Transport) {
	for _, name := range o.Transports {
		names = append(names, engineio.Transport(name))
	}
	return names
}

func (o *Options) timeout() time.Duration { return orDefault(o.Timeout, defaultTimeout) }
func (o *Options) maxMessage() int        { return orDefault(o.MaxMessage, defaultMaxMessage) }
func (o *Options) reportError(err error) {
	if o.OnError != nil {
		o.OnError(err)
	}
}

func (o *Options) backoff() backoff {
	return backoff{
		delay:  orDefault(o.ReconnectionDelay, defaultDelay),
		max:    orDefault(o.ReconnectionDelayMax, defaultDelayMax),
		jitter: min(orDefault(o.RandomizationFactor, defaultJitter), 1),
	}
}

func (o *Options) parserLimits() parser.Limits {
	limits := parser.Limits{MaxAttachments: o.MaxAttachments, MaxBytes: o.maxMessage()}
	if limits.MaxBytes == 0 {
		limits.MaxBytes = -1 // the parser's word for no limit
	}
	return limits
}

func (o *Options) sendLimits() queue.Limits {
	return queue.Limits{
		MaxItems: orDefault(o.SendBufferPackets, defaultBufferPackets),
		MaxBytes: orDefault(o.SendBufferBytes, defaultBufferBytes),
	}
}

// orDefault returns value, the default for zero, and zero for a negative value,
// which stands for "none".
func orDefault[T int | float64 | time.Duration](value, byDefault T) T {
	if value == 0 {
		return byDefault
	}
	return max(value, 0)
}
