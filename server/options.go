package server

import (
	"log/slog"
	"math"
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

	// AttachmentTimeout is how long each attachment of an event may take to follow what
	// came before it. A large one on a slow line has that time for each 10,000 bytes. 0
	// means 30 s.
	AttachmentTimeout time.Duration

	// StallTimeout is how long 10,000 bytes may take in either direction. A client that
	// is slower, or takes longer for what is less, is disconnected. 0 means 10 s.
	StallTimeout time.Duration

	// MaxPayload bounds what is received at once, in bytes: one polling body, and one
	// message, which is an event or an attachment. Clients are told. 0 means 1,000,000.
	MaxPayload int

	// MaxAttachments bounds the attachments of one event or acknowledgement. 0 means 10,
	// negative means that clients may send none. More than that, or than 10 if this is
	// less, are not sent either, because clients that do not expect them hang up.
	MaxAttachments int

	// MaxAttachmentBytes bounds the attachments of one event together, each of which is
	// bounded by MaxPayload. So much a client may have the server hold for an event that
	// is not complete. 0 means ten times MaxPayload.
	MaxAttachmentBytes int

	// MaxDepth bounds how deep the arrays and objects of one event may be nested.
	// 0 means 1,000; there is no more than 10,000.
	MaxDepth int

	// MaxNamespaces bounds the namespaces that one client may be in. 0 means 100.
	MaxNamespaces int

	// MaxConnections bounds the clients connected at a time. Others are answered
	// with 503. 0 means no limit.
	MaxConnections int

	// SendBufferBytes bounds what may wait to be sent to one client, in bytes held. A
	// packet that does not fit is dropped if it is volatile; Emit of the client's socket
	// returns ErrBufferFull; a client that a broadcast does not reach is disconnected
	// with the reason "transport error". Acknowledgements always fit, and no handler
	// starts while more than half is taken. 0 means 64 MiB.
	SendBufferBytes int

	// InboxBytes bounds what may wait for the handlers of one socket, in bytes held. When
	// more comes, nothing is read from the client until there is room. 0 means 1 MiB.
	InboxBytes int

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
	// means [parser.JSON], that of the protocol document, for MaxAttachments.
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
	d.StallTimeout = or(d.StallTimeout, 10*time.Second)
	d.MaxPayload = or(d.MaxPayload, 1e6)
	d.MaxAttachmentBytes = or(d.MaxAttachmentBytes, min(d.MaxPayload, math.MaxInt/10)*10)
	d.MaxNamespaces = or(d.MaxNamespaces, 100)
	d.SendBufferBytes = or(d.SendBufferBytes, 64<<20)
	d.InboxBytes = or(d.InboxBytes, 1<<20)
	if d.Format == nil {
		d.Format = parser.JSON{MaxAttachments: max(d.MaxAttachments, 10)}
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	d.check()
	return d
}

// limits are those of a packet.
func (o *Options) limits() parser.Limits {
	return parser.Limits{
		MaxAttachments:     o.MaxAttachments,
		MaxBytes:           o.MaxPayload,
		MaxAttachmentBytes: o.MaxAttachmentBytes,
		MaxDepth:           o.MaxDepth,
	}
}

func (o *Options) engine() engineserver.Options {
	options := engineserver.Options{
		AllowRequest:   o.AllowRequest,
		Origins:        o.Origins,
		NoUpgrade:      o.NoUpgrade,
		PingInterval:   o.PingInterval,
		PingTimeout:    o.PingTimeout,
		UpgradeTimeout: o.UpgradeTimeout,
		StallTimeout:   o.StallTimeout,
		MaxPayload:     o.MaxPayload,
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
