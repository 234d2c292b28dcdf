package socketio

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/parser"
	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	engineclient "github.com/isosocket/isosocket/transport/engineio/client"
	"github.com/isosocket/isosocket/transport/queue"
)

// Manager keeps one connection for the sockets of several namespaces: it opens it
// when the first socket connects, reconnects when it is lost, and closes it when
// the last socket has left. [New] makes one for a single socket. Its methods may
// be called concurrently.
type Manager struct {
	opts     Options
	format   parser.Format
	address  address
	platform transport.Platform
	engine   engineclient.Options

	asking  sync.WaitGroup // calls of Auth; each session waits for its own
	signals endpoint.Inbox // reacts to the platform's signals
	wake    chan struct{}  // holds a token to end the delay before an attempt

	mu        sync.Mutex
	sockets   []*Socket             // in the order they were made; guarded by mu, as is much of the sockets
	named     map[string]*Socket    // the same by namespace; guarded by mu
	active    int                   // guarded by mu; how many sockets are active
	closed    bool                  // guarded by mu
	suspended bool                  // guarded by mu; no attempt until the program resumes
	session   *engineclient.Session // guarded by mu; nil unless open
	cancel    context.CancelFunc    // guarded by mu; ends an attempt and the delay after it
	keeping   bool                  // guarded by mu; keep runs, and will see what changes
	stopped   chan struct{}         // guarded by mu; closed when the last keep has returned, nil before the first
}

// NewManager returns a Manager for the server of the URL, whose path is not
// looked at. Nothing is sent before a socket connects. The error matches
// [ErrURL].
func NewManager(url string, opts *Options) (*Manager, error) {
	m := &Manager{wake: make(chan struct{}, 1), named: make(map[string]*Socket), format: parser.JSON{}}
	if opts != nil {
		m.opts = *opts
	}
	if m.opts.Format != nil {
		m.format = m.opts.Format
	}
	m.platform = m.opts.Platform
	if m.platform.Dialer == nil && m.platform.RoundTripper == nil {
		m.platform = defaultPlatform()
	}
	path := m.opts.Path
	if path == "" {
		path = defaultPath
	}
	if err := checkPath(path); err != nil {
		return nil, err
	}
	var err error
	if m.address, err = parseAddress(url, m.platform.Base); err != nil {
		return nil, err
	}
	m.engine = engineclient.Options{
		URL:            m.address.endpoint(path, m.opts.Query),
		Transports:     m.opts.transports(),
		TryAll:         m.opts.TryAllTransports,
		Dialer:         m.platform.Dialer,
		RoundTripper:   m.platform.RoundTripper,
		UpgradeTimeout: m.opts.timeout(),
		MaxPayload:     m.opts.maxMessage(),
		SendBuffer:     m.opts.sendLimits().MaxBytes,
		OnPing:         m.opts.Trace.pingReceived,
		OnUpgraded:     func() { m.opts.Trace.upgraded(string(engineio.WebSocket)) },
		OnStay:         m.opts.Trace.upgradeFailed,
	}
	m.signals.Init(queue.Limits{}, nil) // there are only calls
	return m, nil
}

// SocketOptions configure a socket of a Manager.
type SocketOptions struct {
	// Auth replaces Options.Auth for this socket.
	Auth func(ctx context.Context) (any, error)
}

// Socket returns the socket of a namespace, "" or "/" being the main one. A
// missing slash in front is added. It is the same one for every call with that
// name until it is closed; the options, which may be nil, count in the first. Nothing is sent before
// its Connect.
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

// forget drops a socket that was closed, and what it has to send.
func (m *Manager) forget(s *Socket) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || s.active || s.conn != nil || m.named[s.namespace] != s {
		return
	}
	delete(m.named, s.namespace)
	i := slices.Index(m.sockets, s)
	m.sockets = slices.Concat(m.sockets[:i], m.sockets[i+1:]) // a new slice: Close has the old one
	s.buffer.take()
	s.acks.Fail(&DisconnectError{Reason: ClientDisconnect, Err: ErrClosed}, nil)
}

// New returns a socket for the URL, with a manager of its own: its path is the
// namespace, as in JavaScript, its query is sent to the server. The schemes are
// http, https, ws and wss; in a browser the URL may be relative to the page's, ""
// included.
//
// Nothing is sent before Connect, so handlers that are added between the two
// miss no event. opts may be nil. The error matches [ErrURL].
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

// Close disconnects all sockets, for good, and waits until the connection is
// closed, which takes at most 5 seconds, and until all handlers have returned: it
// must not be called in one. Packets emitted before are sent, unless the socket
// is not connected. Requests that wait end with a [*DisconnectError]. The error
// is always nil.
func (m *Manager) Close() error {
	m.mu.Lock()
	m.closed = true
	ended := &DisconnectError{Reason: ClientDisconnect, Err: ErrClosed}
	for _, s := range m.sockets {
		if s.active {
			s.leave(ended)
		}
		s.acks.Close(ended)
		s.buffer.take()
	}
	sockets, stopped := m.sockets, m.stopped
	m.mu.Unlock()
	if stopped != nil {
		<-stopped
	}
	for _, s := range sockets {
		_ = s.inbox.Wait(context.Background()) // which is never done
	}
	return nil
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
		m.sockets = append(m.sockets, s)
		m.named[s.namespace] = s
	}
	return m.named[s.namespace] == s
}
