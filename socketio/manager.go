package socketio

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/transport"
	engineclient "github.com/isosocket/isosocket/transport/engineio/client"
	"github.com/isosocket/isosocket/transport/queue"
)

// Manager keeps one connection for the sockets of several namespaces: it opens it
// when the first socket connects, reconnects when it is lost, and closes it when
// the last socket has left. [New] makes one for a single socket. Its methods may
// be called concurrently.
type Manager struct {
	opts     Options // with their defaults
	prints   bool    // errors, which the user does not take
	address  address
	platform transport.Platform
	engine   engineclient.Options // of the next session, keep's own

	opened  uint64         // sessions; counted by keep
	signals endpoint.Inbox // reacts to the platform's signals
	wake    chan struct{}  // holds a token to end the delay before an attempt

	tracer atomic.Pointer[tracer] // calls the traces; nil without any

	mu        sync.Mutex         // guards what follows, and much of the sockets
	traces    []*Trace           // replaced, never changed
	notes     []note             // what the traces are told when mu is unlocked
	sockets   []*Socket          // in the order they were made; replaced, or appended to
	named     map[string]*Socket // those that were not closed, by namespace
	active    int                // how many sockets are active
	closed    bool
	suspended bool               // no attempt until the program resumes
	session   *session           // nil unless open, and in use
	serving   *session           // the same until it has ended
	cancel    context.CancelFunc // ends an attempt and the delay after it
	keeping   bool               // keep runs, and will see what changes
	stopped   chan struct{}      // closed when the last keep has returned, nil before the first
	asking    int                // calls of Auth that run
	less      chan struct{}      // closed by drained; nil unless that is awaited
	answered  chan struct{}      // closed when none does any more; nil unless that is awaited
}

// NewManager returns a Manager for the server of the URL, whose path is not
// looked at. Nothing is sent before a socket connects. The error matches [ErrURL], or
// names the option that cannot work.
func NewManager(url string, opts *Options) (*Manager, error) {
	m := &Manager{wake: make(chan struct{}, 1), named: make(map[string]*Socket)}
	if opts != nil {
		m.opts = *opts
	}
	if err := m.opts.check(); err != nil {
		return nil, err
	}
	m.prints = m.opts.OnError == nil
	m.opts.setDefaults()
	m.platform = guarded(m.opts.Platform)
	if m.platform.Err != nil {
		return nil, fmt.Errorf("socketio: Options.Platform: %w", m.platform.Err)
	}
	if m.platform.Dialer == nil && m.platform.RoundTripper == nil {
		m.platform = defaultPlatform()
	}
	var err error
	if m.address, err = parseAddress(url, m.platform.Base); err != nil {
		return nil, err
	}
	m.engine = engineclient.Options{
		URL:            m.address.endpoint(m.opts.Path, m.opts.Query),
		Transports:     m.opts.transports(),
		TryAll:         m.opts.TryAllTransports,
		Dialer:         m.platform.Dialer,
		RoundTripper:   m.platform.RoundTripper,
		UpgradeTimeout: m.opts.Timeout,
		MaxPayload:     m.opts.MaxPayload,
		SendBuffer:     m.opts.SendBufferBytes,
	}
	m.signals.Init(queue.Limits{}, nil, m.opts.reportError) // there are only calls
	return m, nil
}

// SocketOptions configure a socket of a Manager.
type SocketOptions struct {
	// Auth replaces Options.Auth for this socket.
	Auth func(ctx context.Context) (any, error)
}

// Socket returns the socket of a namespace, "" or "/" being the main one. A
// missing slash in front is added. It is the same one for every call with that
// name until it is closed; the options, which may be nil, count in the first. Nothing
// is sent before its Connect.
//
// The error is one for a name with a comma or a control character, which no
// packet can carry.
func (m *Manager) Socket(namespace string, opts *SocketOptions) (*Socket, error) {
	if !strings.HasPrefix(namespace, "/") {
		namespace = "/" + namespace
	}
	if err := checkNamespace(namespace); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.find(namespace); s != nil {
		return s, nil
	}
	auth := m.opts.Auth
	if opts != nil && opts.Auth != nil {
		auth = opts.Auth
	}
	s := newSocket(m, namespace, auth)
	m.admit(s)
	return s, nil
}

// New returns a socket for the URL, with a manager of its own: its path is the
// namespace, as in JavaScript, its query is sent to the server. The schemes are
// http, https, ws and wss; in a browser the URL may be relative to the page's, ""
// included. "host:3000" without a scheme means that of the page, natively https.
//
// Nothing is sent before Connect, so handlers that are added between the two
// miss no event. opts may be nil. The error matches [ErrURL], or names the option
// that cannot work.
func New(url string, opts *Options) (*Socket, error) {
	m, err := NewManager(url, opts)
	if err != nil {
		return nil, err
	}
	s, err := m.Socket(m.address.namespace, nil)
	if err != nil {
		return nil, err
	}
	s.owner = true
	return s, nil
}

// Dial is [New] and [Socket.Connect], for clients that speak first. When it
// fails nothing is left behind.
func Dial(ctx context.Context, url string, opts *Options) (*Socket, error) {
	s, err := New(url, opts)
	if err != nil {
		return nil, err
	}
	if err := s.Connect(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// The following are called with mu held.

// find returns the socket of a namespace, or nil.
func (m *Manager) find(namespace string) *Socket {
	if namespace == "" {
		namespace = "/"
	}
	return m.named[namespace]
}

// admit makes s the socket of its namespace if there is none, and reports whether
// it is: one that was closed may be used again until there is another.
//
//go:noinline
func (m *Manager) admit(s *Socket) bool {
	if m.closed {
		return false
	}
	if m.named[s.namespace] == nil {
		m.named[s.namespace] = s
		if !slices.Contains(m.sockets, s) {
			m.sockets = append(m.sockets, s)
		}
	}
	return m.named[s.namespace] == s
}
