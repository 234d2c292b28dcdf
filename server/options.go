package server

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"runtime/debug"
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

	// MaxHeaderBytes bounds what is kept of a client's first request for
	// [Socket.Handshake], its headers and its URL, in bytes held: their text, 64 for a
	// name, 16 for a value. Larger ones are answered with 431. 0 means 16 KiB. What is
	// read of a request before that is bounded by MaxHeaderBytes of the http.Server.
	MaxHeaderBytes int
	// MaxUnfinished bounds the sockets of one client that have ended and whose handlers
	// have not returned. While there are as many, a namespace that the client asks for
	// is refused. Each may hold InboxBytes of events. 0 means 16.
	MaxUnfinished int

	// MaxConnections bounds the clients connected at a time. Others are answered
	// with 503. 0 means no limit.
	MaxConnections int

	// SendBufferBytes bounds what may wait to be sent to one client, in bytes held. A
	// packet that does not fit is dropped if it is volatile; Emit of the client's socket
	// returns ErrBufferFull; a client that a broadcast does not reach is disconnected
	// with the reason "transport error". Acknowledgements always fit, and no handler
	// starts while more than half is taken. 0 means 64 MiB, or TotalSendBufferBytes if that is less.
	SendBufferBytes int

	// TotalSendBufferBytes bounds what may wait to be sent to all clients together, in
	// bytes held. What a broadcast sends to many counts once. Beyond it clients are
	// disconnected, with the reason "transport error", until the rest has room: of those
	// for whom more than 64 KiB waits the one that has taken least since half of it was
	// taken, and so on. 0 means a quarter of the process's memory limit, see
	// [runtime/debug.SetMemoryLimit], or 256 MiB without one, and no less than SendBufferBytes.
	TotalSendBufferBytes int

	// InboxBytes bounds what may wait for the handlers of one socket, in bytes held. When
	// more comes, nothing is read from the client until there is room. 0 means 1 MiB.
	InboxBytes int

	// AllowRequest is asked about every handshake, before anything else is done
	// for the client. An error refuses it with status 403 and the error's text, which
	// the client sees. Nil allows all.
	AllowRequest func(r *http.Request) error

	// Context makes the context of a client's sockets, [Socket.Context], when it is not
	// nil. It is called within the client's first request r, before the request is
	// answered for polling and after it for a WebSocket, and returns a context made of ctx,
	// which has no values, or ctx itself. When it panics the client is disconnected.
	//
	//	Context: func(ctx context.Context, r *http.Request) context.Context {
	//		return context.WithValue(ctx, userKey{}, r.Context().Value(userKey{}))
	//	}
	//
	// Only copies may be put there: routers use their values again for other requests
	// once the first one is answered, and so do some HTTP servers with its strings.
	Context func(ctx context.Context, r *http.Request) context.Context

	// Origins are those of pages that may connect, besides pages from the server's own
	// host: hosts like "app.example.com" or "*.example.com", with a scheme ("https://…")
	// or without. The default port of a scheme is the same as none. The pages may send
	// credentials, unless CORS says something else.
	Origins []string

	// AnyOrigin lets every page connect. A browser sends the user's cookies along with
	// a WebSocket, so do not trust cookies then.
	AnyOrigin bool

	// CORS says more about polling from pages of other origins than Origins does, as
	// which headers they may send: any, where AllowedHeaders is empty. Nil means what
	// Origins and AnyOrigin need, or no CORS headers.
	//
	// Origins that it allows by name may open WebSockets too. That it allows every
	// origin does not hold for WebSockets, because browsers send cookies with them
	// whatever CORS says: that is AnyOrigin. To allow credentials to every origin cannot
	// work: browsers refuse it.
	CORS *cors.Options

	// TrustedProxies are the proxies whose X-Forwarded-For, X-Forwarded-Host and
	// X-Forwarded-Proto count, for the address, the host and Secure of [Handshake], the
	// check of origins and the cookie: addresses ("10.1.2.3"), prefixes ("10.0.0.0/8"), or
	// "unix" for all that connect by a Unix socket. They must set these headers, or
	// clients can. Nil means that the headers are a client's words.
	TrustedProxies []string

	// Cookie makes the handshake of a polling client set a cookie with its session
	// id, for load balancers that keep a client on one server by it. Nil sets none.
	Cookie *Cookie

	// Format is how packets are written, which must be that of the clients. Nil
	// means [parser.JSON], that of the protocol document, for MaxAttachments.
	Format parser.Format

	// Adapter makes the adapter of each namespace, which connects it with the same
	// namespace of other servers. Nil means that there are none. See [adapter.New].
	Adapter adapter.New

	// Logger gets a line for what goes wrong: requests and connections that were
	// refused, clients that were disconnected for what they sent or did not take, and errors
	// and panics of handlers. Of lines that are alike there are ten a second, and then their
	// number. The level slog.LevelDebug has clients that come, upgrade and go as well.
	//
	// Nil means [slog.Default]. A logger with [slog.DiscardHandler] is silent.
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
	d.MaxHeaderBytes = or(d.MaxHeaderBytes, 16<<10)
	d.MaxUnfinished = or(d.MaxUnfinished, 16)
	d.SendBufferBytes, d.TotalSendBufferBytes = sendBuffers(d.SendBufferBytes, d.TotalSendBufferBytes, debug.SetMemoryLimit(-1))
	d.InboxBytes = or(d.InboxBytes, 1<<20)
	if d.Format == nil {
		d.Format = parser.JSON{MaxAttachments: max(d.MaxAttachments, 10)}
	}
	d.check()
	return d
}

// sendBuffers returns the bounds of the send buffer of a client, and of all, in a process
// with that memory limit.
func sendBuffers(one, all int, limit int64) (int, int) {
	switch {
	case all != 0:
		return or(one, min(64<<20, all)), all
	case limit == math.MaxInt64:
		all = 256 << 20
	default:
		all = int(min(limit/4, math.MaxInt))
	}
	one = or(one, min(64<<20, all))
	return one, max(one, all)
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
		Origins:        o.Origins,
		NoUpgrade:      o.NoUpgrade,
		PingInterval:   o.PingInterval,
		PingTimeout:    o.PingTimeout,
		UpgradeTimeout: o.UpgradeTimeout,
		StallTimeout:   o.StallTimeout,
		MaxPayload:     o.MaxPayload,
		MaxHeader:      o.MaxHeaderBytes,
		MaxSessions:    o.MaxConnections,
		SendBuffer:     o.SendBufferBytes,
		SendBuffers:    o.TotalSendBufferBytes,
	}
	for _, name := range o.Transports {
		options.Transports = append(options.Transports, engineio.Transport(name))
	}
	if o.Cookie != nil {
		options.Cookie = o.Cookie.with
	}
	return options
}

// cors returns the middleware for CORS, or nil, and which origins may open WebSockets
// besides Origins.
func (o *Options) cors() (middleware *cors.Cors, allowOrigin func(*http.Request) bool) {
	allowOrigin = func(*http.Request) bool { return o.AnyOrigin }
	var options cors.Options
	switch {
	case o.CORS != nil:
		options = *o.CORS
	case o.AnyOrigin:
	case len(o.Origins) > 0:
		options.AllowCredentials = true
		options.AllowOriginFunc = func(string) bool { return false } // but those of Origins, below
	default:
		return nil, allowOrigin
	}
	//lint:ignore SA1019 deprecated, and still obeyed
	decides := options.AllowOriginFunc != nil || options.AllowOriginRequestFunc != nil || options.AllowOriginVaryRequestFunc != nil
	everyone := !decides && (len(options.AllowedOrigins) == 0 || slices.Contains(options.AllowedOrigins, "*"))
	if everyone && options.AllowCredentials {
		panic("server: Options.CORS.AllowCredentials is true, and every origin is allowed: browsers refuse that")
	}
	if len(options.AllowedHeaders) == 0 {
		options.AllowedHeaders = []string{"*"}
	}
	if everyone {
		return cors.New(options), allowOrigin
	}
	options.AllowedOrigins = withoutPorts(options.AllowedOrigins)
	named, ask := cors.New(options), options.AllowOriginVaryRequestFunc
	options.AllowOriginVaryRequestFunc = func(r *http.Request, origin string) (allowed bool, vary []string) {
		if ask != nil {
			allowed, vary = ask(r, origin)
		} else {
			allowed = named.OriginAllowed(r)
		}
		return allowed || engineserver.OriginAllowed(r, o.Origins), vary
	}
	if !o.AnyOrigin {
		allowOrigin = named.OriginAllowed
	}
	return cors.New(options), allowOrigin
}

// withoutPorts returns the origins as browsers write them, who leave out default ports.
func withoutPorts(origins []string) []string {
	origins = slices.Clone(origins)
	for i, origin := range origins {
		if scheme, _, _ := strings.Cut(strings.ToLower(origin), "://"); scheme == "https" {
			origins[i] = strings.TrimSuffix(origin, ":443")
		} else if scheme == "http" {
			origins[i] = strings.TrimSuffix(origin, ":80")
		}
	}
	return origins
}
