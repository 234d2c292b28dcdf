package server

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport/engineio"
	engineserver "github.com/isosocket/isosocket/transport/engineio/server"
	"github.com/rs/cors"
)

// Options configure a [Server]. The zero value is useful: every field says what
// its zero means. They are read once, by [New], which panics at what cannot work: a
// negative value, unless the field says what it means, and a duration of less than a
// millisecond, which is a number that lacks its unit.
type Options struct {
	// Path is the URL path that is served, with or without the slashes at its ends;
	// any other is answered with 404. Empty means "/socket.io/".
	Path string

	// Transports are the ones that clients may use, "polling" and "websocket". Nil
	// means both.
	Transports []string

	// NoUpgrade keeps sessions that begin on polling there.
	NoUpgrade bool

	// PingInterval is the time from a client's pong to the next ping. 0 means 25 s.
	PingInterval time.Duration

	// PingTimeout is how long a client may take to answer a ping. 0 means 20 s.
	PingTimeout time.Duration

	// UpgradeTimeout is how long a client may take to move from polling to an
	// opened WebSocket. 0 means 10 s.
	UpgradeTimeout time.Duration

	// ConnectTimeout is how long a client may be connected without having joined a
	// namespace. 0 means 45 s.
	ConnectTimeout time.Duration

	// AttachmentTimeout is how long the attachments of an event may take to
	// follow it. 0 means 30 s.
	AttachmentTimeout time.Duration

	// WriteTimeout is how long a client may take to receive what one write sends,
	// and up to a quarter more, or one polling response. 0 means 10 s.
	WriteTimeout time.Duration

	// BodyTimeout is how long the body of a polling request may take. 0 means 30 s.
	BodyTimeout time.Duration

	// MaxPayload bounds what is received at once, in bytes: one polling body, one
	// WebSocket message, and one event together with its attachments. Clients are
	// told. 0 means 1,000,000.
	MaxPayload int

	// MaxPackets bounds the packets of one polling body. 0 means 10,000.
	MaxPackets int

	// MaxAttachments bounds the attachments of one event. 0 means 10, negative means
	// that there may be none.
	MaxAttachments int

	// MaxDepth bounds how deep the arrays and objects of one event may be nested.
	// 0 means 1,000; there is no more than 10,000.
	MaxDepth int

	// MaxNamespaces bounds the namespaces that one client may be in. 0 means 100.
	MaxNamespaces int

	// MaxUnfinished bounds the sockets of one client that have ended and whose handlers
	// have not returned. While there are as many, a namespace that the client asks for
	// is refused. What waits for such handlers is kept up to MaxPayload. 0 means 16.
	MaxUnfinished int

	// MaxConnections bounds the clients connected at a time. Others are answered
	// with 503. 0 means no limit.
	MaxConnections int

	// SendBufferBytes bounds what may wait to be sent to one client, in bytes held. A
	// packet that does not fit is dropped if it is volatile; Emit of the client's socket
	// returns ErrBufferFull; a client that a broadcast does not reach is disconnected
	// with the reason "transport error". 0 means 1 MiB.
	SendBufferBytes int

	// AllowRequest is asked about every handshake, before anything else is done
	// for the client. An error refuses it with status 403 and the error's text, which
	// the client sees. Nil allows all.
	AllowRequest func(r *http.Request) error

	// CORS lets browsers use polling from pages of other origins. Nil sends no CORS
	// headers. Where AllowedHeaders is empty, clients may send any.
	//
	// Origins that it lists by name may open WebSockets too. To allow credentials to
	// every origin cannot work: browsers refuse it.
	CORS *cors.Options

	// Origins may open WebSockets, besides pages from the server's own host: hosts
	// like "app.example.com" or "*.example.com", with a scheme ("https://…") or without.
	Origins []string

	// AnyOrigin lets every page open a WebSocket. A browser sends the user's cookies
	// along, so do not trust cookies then.
	AnyOrigin bool

	// Cookie makes the handshake of a polling client set a cookie with its session
	// id, for load balancers that keep a client on one server by it. Nil sets none.
	Cookie *Cookie

	// Format is how packets are written, which must be that of the clients. Nil
	// means [parser.JSON], that of the protocol document.
	Format parser.Format

	// Adapter makes the adapter of each namespace, which connects it with the same
	// namespace of other servers. Nil means that there are none. See [adapter.New].
	Adapter adapter.New

	// Logger gets a line for what goes wrong: errors and panics of handlers, invalid
	// packets, clients that do not keep up. Nil means silence.
	Logger *slog.Logger

	// OnError is called with the errors and panics of handlers and middleware, on
	// the goroutine of the socket. Errors of handlers are [*event.HandlerError]; s is nil
	// for those of OnServer. Nil means that they are only logged.
	OnError func(s *Socket, err error)
}

// or returns value, or the fallback for the zero value.
func or[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// withDefaults returns the options with every zero replaced by what it means.
func (o *Options) withDefaults() Options {
	var d Options
	if o != nil {
		d = *o
	}
	d.Path = or(d.Path, "/socket.io/")
	if !strings.HasPrefix(d.Path, "/") {
		d.Path = "/" + d.Path
	}
	if d.Transports == nil {
		d.Transports = []string{"polling", "websocket"}
	}
	d.PingInterval = or(d.PingInterval, 25*time.Second)
	d.PingTimeout = or(d.PingTimeout, 20*time.Second)
	d.UpgradeTimeout = or(d.UpgradeTimeout, 10*time.Second)
	d.ConnectTimeout = or(d.ConnectTimeout, 45*time.Second)
	d.AttachmentTimeout = or(d.AttachmentTimeout, 30*time.Second)
	d.WriteTimeout = or(d.WriteTimeout, 10*time.Second)
	d.BodyTimeout = or(d.BodyTimeout, 30*time.Second)
	d.MaxPayload = or(d.MaxPayload, 1e6)
	d.MaxPackets = or(d.MaxPackets, 10_000)
	d.MaxNamespaces = or(d.MaxNamespaces, 100)
	d.MaxUnfinished = or(d.MaxUnfinished, 16)
	d.SendBufferBytes = or(d.SendBufferBytes, 1<<20)
	if d.Format == nil {
		d.Format = parser.JSON{}
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	d.Logger = slog.New(guardedLogger{d.Logger.Handler()})
	d.check()
	return d
}

// limits are those of a packet.
func (o *Options) limits() parser.Limits {
	return parser.Limits{MaxAttachments: o.MaxAttachments, MaxBytes: o.MaxPayload, MaxDepth: o.MaxDepth}
}

func (o *Options) engine() engineserver.Options {
	options := engineserver.Options{
		Origins:        o.Origins,
		NoUpgrade:      o.NoUpgrade,
		PingInterval:   o.PingInterval,
		PingTimeout:    o.PingTimeout,
		UpgradeTimeout: o.UpgradeTimeout,
		WriteTimeout:   o.WriteTimeout,
		BodyTimeout:    o.BodyTimeout,
		MaxPayload:     o.MaxPayload,
		MaxPackets:     o.MaxPackets,
		MaxSessions:    o.MaxConnections,
		SendBuffer:     o.SendBufferBytes,
	}
	for _, name := range o.Transports {
		options.Transports = append(options.Transports, engineio.Transport(name))
	}
	if o.Cookie != nil {
		options.Cookie = o.Cookie.with
	}
	return options
}

// cors returns the middleware for CORS, or nil, and tells which origins may open WebSockets.
func (o *Options) cors() (middleware *cors.Cors, allowOrigin func(*http.Request) bool) {
	allowOrigin = func(*http.Request) bool { return o.AnyOrigin }
	if o.CORS == nil {
		return nil, allowOrigin
	}
	options := *o.CORS
	//lint:ignore SA1019 deprecated, and still obeyed
	decides := options.AllowOriginFunc != nil || options.AllowOriginRequestFunc != nil || options.AllowOriginVaryRequestFunc != nil
	everyone := !decides && (len(options.AllowedOrigins) == 0 || slices.Contains(options.AllowedOrigins, "*"))
	if everyone && options.AllowCredentials {
		panic("server: Options.CORS.AllowCredentials is true, and every origin is allowed: browsers refuse that")
	}
	if len(options.AllowedHeaders) == 0 {
		options.AllowedHeaders = []string{"*"}
	}
	middleware = cors.New(options)
	if !everyone && !o.AnyOrigin {
		allowOrigin = middleware.OriginAllowed
	}
	return middleware, allowOrigin
}
