package server

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/transport/engineio"
	engineserver "github.com/isosocket/isosocket/transport/engineio/server"
	"github.com/isosocket/isosocket/transport/queue"
	"github.com/rs/cors"
)

// Server is the Socket.IO server: an [http.Handler] for one path, and the
// namespaces that clients connect to. Its methods may be called concurrently.
//
// Use, OnConnect and the methods that emit are those of the namespace "/".
type Server struct {
	options Options
	engine  *engineserver.Server
	cors    *cors.Cors // nil without
	proxies proxies
	log     logger
	workers *queue.Workers // for the inboxes of sockets; open while somebody is connected
	root    *Namespace

	trace  atomic.Pointer[traces] // replaced, never changed, under mu; nil without any
	lastID atomic.Uint64          // of a session, see Session.ID

	slowConsumers atomic.Uint64

	mu         sync.RWMutex
	namespaces map[string]*Namespace // guarded by mu
	closed     bool                  // no socket is made any more; guarded by mu
	running    int                   // sockets that have not finished their last handler, and events from other servers; guarded by mu
	idle       chan struct{}         // closed when running is 0; nil unless a Wait does; guarded by mu

	context context.Context // of the handlers of OnServer; canceled when the server ends
	cancel  context.CancelCauseFunc
	now     context.Context // canceled by Close, for a Shutdown that is waiting
	hurry   context.CancelFunc

	adaptersClosed sync.Once
	adapterErrors  []error // set by adaptersClosed
}

// maxWorkers bounds the goroutines that wait for events to handle. There is seldom one for
// each of more than a few clients whose events are handled at a time.
const maxWorkers = 32

// New returns a server with the namespace "/". Nil options are the defaults. It
// panics if the options cannot work, naming the field and its value, as
// [http.Handle] does for a pattern.
func New(options *Options) *Server {
	s := &Server{options: options.withDefaults(), namespaces: make(map[string]*Namespace), workers: queue.NewWorkers(maxWorkers)}
	s.log.to = s.options.Logger
	for _, name := range s.options.TrustedProxies {
		_ = s.proxies.add(name) // checked
	}
	s.context, s.cancel = context.WithCancelCause(context.Background())
	s.now, s.hurry = context.WithCancel(context.Background())
	config := s.options.engine()
	config.Open = s.open
	if s.options.AllowRequest != nil {
		config.AllowRequest = s.allow
	}
	s.cors, config.AllowOrigin = s.options.cors()
	config.Rejected = s.rejected
	s.engine = engineserver.New(config)
	s.root = s.Of("/")
	return s
}

// ServeHTTP implements [http.Handler]. It serves requests for Options.Path, with
// or without a slash at the end, and answers all others with 404.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = s.proxies.original(r)
	switch {
	case strings.TrimSuffix(r.URL.Path, "/") != strings.TrimSuffix(s.options.Path, "/"):
		http.NotFound(w, r)
		if r.URL.Query().Has("EIO") { // it is a client, looking in the wrong place
			s.rejected(r, engineserver.Rejection{Status: http.StatusNotFound, Code: engineio.CodeNone})
		}
	case s.cors != nil:
		s.cors.ServeHTTP(w, r, s.serve)
	default:
		s.serve(w, r)
	}
}

// serve serves a request behind CORS.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if w.Header().Get("Access-Control-Allow-Origin") == "" && !engineserver.OriginAllowed(r, nil) {
		if q := r.URL.Query(); q.Get("transport") == "polling" && !q.Has("sid") {
			s.logUnreadable(r) // and it is served: a client that is no page may send any header
		}
	}
	s.engine.ServeHTTP(w, r)
}

// Of returns the namespace of that name, and makes it if there is none. A name
// without a slash at its beginning gets one. Clients may connect to a namespace
// from then on. It panics at a name that no packet can carry: one with a comma or a
// control character in it.
//
// A new namespace gets its adapter from Options.Adapter before Of returns.
func (s *Server) Of(name string) *Namespace {
	if !strings.HasPrefix(name, "/") {
		name = "/" + name
	}
	if i := strings.IndexFunc(name, unfit); i >= 0 || !utf8.ValidString(name) {
		panic(fmt.Sprintf("server: no packet can carry the namespace %q", name))
	}
	s.mu.Lock()
	n := s.namespaces[name]
	if n == nil {
		n = newNamespace(s, name)
		if s.closed && s.options.Adapter != nil {
			n.adapter = unreachable{errClosed}
		}
		s.namespaces[name] = n
	}
	s.mu.Unlock()
	n.attached.Do(n.attach)
	return n
}

// unfit reports whether a namespace's name cannot hold the character: a comma ends
// the name in a packet.
// https://socket.io/docs/v4/socket-io-protocol/#packet-encoding
func unfit(c rune) bool { return c == ',' || unicode.IsControl(c) }

// namespace returns the namespace of that name, or nil if clients cannot connect to it.
func (s *Server) namespace(name string) *Namespace {
	if name == "" || name == "/" {
		return s.root
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if n := s.namespaces[name]; n != nil && n.ready.Load() {
		return n
	}
	return nil
}

// Namespaces returns the namespaces that clients may connect to, in the order of
// their names.
func (s *Server) Namespaces() []*Namespace {
	ready := slices.DeleteFunc(s.all(), func(n *Namespace) bool { return !n.ready.Load() })
	slices.SortFunc(ready, func(a, b *Namespace) int { return strings.Compare(a.name, b.name) })
	return ready
}

// all returns the namespaces, also those whose adapter is being made.
func (s *Server) all() []*Namespace {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Collect(maps.Values(s.namespaces))
}

// Nodes returns the names of the other servers that the adapter of "/" knows, and how many servers there
// are, this one included.
func (s *Server) Nodes(ctx context.Context) (known []string, count int, err error) {
	if s.root.adapter == nil {
		return nil, 1, nil
	}
	return s.root.adapter.Nodes(ctx)
}

// Stats are figures of a server at one moment.
type Stats struct {
	Connections   int    // clients connected, whatever namespaces they are in
	SlowConsumers uint64 // clients disconnected so far because they did not take what was sent
}

// Stats returns the figures of now.
func (s *Server) Stats() Stats {
	return Stats{Connections: s.engine.Sessions(), SlowConsumers: s.slowConsumers.Load()}
}

// slow disconnects a client that does not take what is sent.
func (s *Server) slow(c *conn) {
	c.session.Abort(engineio.TransportError, errSlow)
}

// Use is [Namespace.Use] of "/".
func (s *Server) Use(m Middleware) { s.root.Use(m) }

// OnConnect is [Namespace.OnConnect] of "/".
func (s *Server) OnConnect(fn func(s *Socket)) { s.root.OnConnect(fn) }

// Emit is [Namespace.Emit] of "/".
func (s *Server) Emit(name string, args ...any) error { return s.root.Emit(name, args...) }

// Request is [Namespace.Request] of "/".
func (s *Server) Request(ctx context.Context, name string, args ...any) iter.Seq2[Reply, error] {
	return s.root.Request(ctx, name, args...)
}

// To is [Namespace.To] of "/".
func (s *Server) To(rooms ...string) Broadcast { return s.root.To(rooms...) }

// Except is [Namespace.Except] of "/".
func (s *Server) Except(rooms ...string) Broadcast { return s.root.Except(rooms...) }

// Volatile is [Namespace.Volatile] of "/".
func (s *Server) Volatile() Broadcast { return s.root.Volatile() }

// Local is [Namespace.Local] of "/".
func (s *Server) Local() Broadcast { return s.root.Local() }

// Sockets is [Namespace.Sockets] of "/".
func (s *Server) Sockets() []*Socket { return s.root.Sockets() }

// Fetch is [Namespace.Fetch] of "/".
func (s *Server) Fetch(ctx context.Context) iter.Seq2[RemoteSocket, error] { return s.root.Fetch(ctx) }

// SocketsJoin is [Namespace.SocketsJoin] of "/".
func (s *Server) SocketsJoin(rooms ...string) error { return s.root.SocketsJoin(rooms...) }

// SocketsLeave is [Namespace.SocketsLeave] of "/".
func (s *Server) SocketsLeave(rooms ...string) error { return s.root.SocketsLeave(rooms...) }

// DisconnectSockets is [Namespace.DisconnectSockets] of "/".
func (s *Server) DisconnectSockets(closeConnection bool) error {
	return s.root.DisconnectSockets(closeConnection)
}

// OnServer is [Namespace.OnServer] of "/".
func (s *Server) OnServer(name string, h event.Handler) (off func()) { return s.root.OnServer(name, h) }

// ServerEmit is [Namespace.ServerEmit] of "/".
func (s *Server) ServerEmit(name string, args ...any) error { return s.root.ServerEmit(name, args...) }

// ServerRequest is [Namespace.ServerRequest] of "/".
func (s *Server) ServerRequest(ctx context.Context, name string, args ...any) iter.Seq2[ServerReply, error] {
	return s.root.ServerRequest(ctx, name, args...)
}
