package server

import (
	"context"
	"iter"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/isosocket/isosocket/transport/engineio"
	engineserver "github.com/isosocket/isosocket/transport/engineio/server"
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
	root    *Namespace

	mu         sync.RWMutex
	namespaces map[string]*Namespace // guarded by mu
	closed     bool                  // no socket is made any more; guarded by mu

	slowConsumers atomic.Uint64

	running sync.WaitGroup // sockets that have not finished their last handler

	adaptersClosed sync.Once
	adaptersError  error // set by adaptersClosed
}

// New returns a server with the namespace "/". Nil options are the defaults. It
// panics if the options contradict each other.
func New(options *Options) *Server {
	s := &Server{options: options.withDefaults(), namespaces: make(map[string]*Namespace)}
	config := s.options.engine()
	config.Open = s.open
	s.cors, config.AllowOrigin = s.options.cors()
	s.engine = engineserver.New(config)
	s.root = s.Of("/")
	return s
}

// ServeHTTP implements [http.Handler]. It serves requests for Options.Path, with
// or without a slash at the end, and answers all others with 404.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.TrimSuffix(r.URL.Path, "/") != strings.TrimSuffix(s.options.Path, "/") {
		http.NotFound(w, r)
		return
	}
	if s.cors != nil {
		s.cors.ServeHTTP(w, r, s.engine.ServeHTTP)
		return
	}
	s.engine.ServeHTTP(w, r)
}

// Of returns the namespace of that name, and makes it if there is none. A name
// without a slash at its beginning gets one. Clients may connect to a namespace
// from then on.
func (s *Server) Of(name string) *Namespace {
	if !strings.HasPrefix(name, "/") {
		name = "/" + name
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.namespaces[name]
	if n == nil {
		n = newNamespace(s, name)
		s.namespaces[name] = n
	}
	return n
}

// namespace returns the namespace of that name, or nil.
func (s *Server) namespace(name string) *Namespace {
	if name == "" || name == "/" {
		return s.root
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.namespaces[name]
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
	s.slowConsumers.Add(1)
	s.options.Logger.Warn("slow consumer disconnected", "remote", c.handshake.RemoteAddr, "limit_bytes", s.options.SendBufferBytes)
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
