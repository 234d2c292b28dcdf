package server

import (
	"context"
	"log/slog"
	"net/http"
	"slices"

	"github.com/isosocket/isosocket/server/internal/rooms"
	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/transport"
)

// Trace tells what happens on a server, for logs, metrics and tracing. A nil
// function is not called, and a server without a Trace pays one comparison.
// [Server.AddTrace] adds one.
//
// The functions run where the thing happens, in part while a client waits for them:
// they must return soon, and must not wait for the server. They run concurrently, under no lock of the
// server. A panic of one is logged, and so is runtime.Goexit, which in EventSent, EventDropped and PacketSent ends
// the goroutine that emits.
type Trace struct {
	// SessionOpened is called when a client has opened a connection. It joins
	// namespaces next.
	SessionOpened func(s Session)

	// SessionUpgraded is called when a connection has moved to another transport.
	SessionUpgraded func(s Session)

	// SessionClosed is called when a connection has ended. err says more than the
	// reason, or is nil.
	SessionClosed func(s Session, reason event.Reason, err error)

	// RequestRejected is called when a request was answered with an error: a handshake
	// that was not allowed, a request that belongs to no session, or one of a client for
	// another path.
	RequestRejected func(r Rejection)

	// NamespaceRefused is called when a client was refused a namespace that does not exist.
	NamespaceRefused func(s Session, name string)

	// Connected is called when a socket is connected, before the functions of
	// OnConnect. Its middleware had no objection.
	Connected func(s *Socket)

	// ConnectRefused is called when a middleware has refused a socket.
	ConnectRefused func(s *Socket, err error)

	// Disconnected is called when a connected socket has ended, before the functions
	// of OnDisconnecting; like them, behind the handlers of the events that came before.
	Disconnected func(s *Socket, reason event.Reason)

	// RoomJoined is called when a socket has joined a room, other than the one of its
	// own id. The order of concurrent changes to one room is not told.
	RoomJoined func(s *Socket, room string)

	// RoomLeft is called when a socket has left a room, also by being disconnected.
	RoomLeft func(s *Socket, room string)

	// RoomCreated is called before the first socket in a room is told to have joined it.
	RoomCreated func(n *Namespace, room string)

	// RoomDeleted is called after the last socket in a room is told to have left it.
	RoomDeleted func(n *Namespace, room string)

	// EventReceived is called for each event of a client, before it is queued for
	// the handlers. What the message holds must not be changed.
	EventReceived func(s *Socket, m *event.Message)

	// EventSent is called for each event and each socket that it was queued for.
	EventSent func(s *Socket, name string)

	// EventDropped is called for each event that was not queued for a connected
	// socket: a volatile one that it was not ready for, and any that did not fit
	// into its queue.
	EventDropped func(s *Socket, name string, err error)

	// Handling is called before the handlers of an event. They get the context
	// returned, which is made of ctx or is ctx itself. end, unless it is nil, is
	// called when they have returned, with the errors of those that failed.
	Handling func(ctx context.Context, s *Socket, m *event.Message) (handling context.Context, end func(err error))

	// PacketReceived is called for each message of a client: a Socket.IO packet as
	// text, or an attachment of the last one. It may be anything that a client sends.
	// The data must be neither kept nor changed.
	PacketReceived func(s Session, m transport.Message)

	// PacketSent is called for each packet that was queued for a client: its text,
	// and its attachments. They must be neither kept nor changed. Packets that are sent
	// concurrently may be told in another order, and one after what the client answers.
	PacketSent func(s Session, text []byte, attachments []transport.Message)
}

// Session is the connection of one client, which its sockets share, as a [Trace] is
// told of it. Two of them are equal if they are of one connection.
type Session struct{ conn *conn }

// ID returns the number of the connection on this server, counted from 1. It is not
// the id of the protocol, which is a secret of the client's.
func (s Session) ID() uint64 { return s.conn.id }

// Handshake returns what the client told when it connected, without Auth.
func (s Session) Handshake() Handshake { return s.conn.handshake }

// Transport returns the name of the transport, "polling" or "websocket".
func (s Session) Transport() string { return s.conn.transport() }

// Rejection is a request that was answered with an error.
type Rejection struct {
	Request *http.Request // valid during the call; its Host and its Origin header say where it came from
	Status  int           // of the HTTP response; 0 if the client had gone before it
	Code    int           // of the protocol, 0 to 5; -1 for an answer that has none, as 503
	Reason  string        // the text of the code, of the status where there is no code, or that of Options.AllowRequest
	Err     error         // says more than Reason, or is nil
}

// AddTrace adds a trace, called after those that are there already, until remove is called.
func (s *Server) AddTrace(t *Trace) (remove func()) {
	endpoint.RefuseNil(t == nil, "Server.AddTrace")
	added := *t // so that each call has something of its own to remove
	s.changeTrace(func(list []*Trace) []*Trace { return append(slices.Clip(list), &added) })
	return func() {
		s.changeTrace(func(list []*Trace) []*Trace {
			return slices.DeleteFunc(slices.Clone(list), func(t *Trace) bool { return t == &added })
		})
	}
}

func (s *Server) changeTrace(change func(list []*Trace) []*Trace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*Trace
	if t := s.trace.Load(); t != nil {
		list = t.list
	}
	if list = change(list); len(list) == 0 {
		s.trace.Store(nil)
		return
	}
	s.trace.Store(&traces{s, list})
}

// traces are those of a server. All methods do nothing on nil.
type traces struct {
	server *Server
	list   []*Trace // at least one
}

// each calls what fn returns for each trace, unless that is nil. Whatever that does, each
// returns.
func (t *traces) each(fn func(t *Trace) (call func())) {
	if t == nil {
		return
	}
	for _, trace := range t.list {
		if call := fn(trace); call != nil {
			t.only(call)
		}
	}
}

// eachHere is each for what is told so often that a goroutine would cost too much.
// runtime.Goexit ends the caller.
func (t *traces) eachHere(fn func(t *Trace)) {
	for _, trace := range t.list {
		if err := endpoint.Protect("trace", func() error { fn(trace); return nil }); err != nil {
			t.failed(err)
		}
	}
}

func (t *traces) sessionOpened(c *conn) {
	t.each(func(t *Trace) func() {
		if t.SessionOpened == nil {
			return nil
		}
		return func() { t.SessionOpened(Session{c}) }
	})
}

func (t *traces) sessionUpgraded(c *conn) {
	t.each(func(t *Trace) func() {
		if t.SessionUpgraded == nil {
			return nil
		}
		return func() { t.SessionUpgraded(Session{c}) }
	})
}

func (t *traces) sessionClosed(c *conn, reason event.Reason, err error) {
	t.each(func(t *Trace) func() {
		if t.SessionClosed == nil {
			return nil
		}
		return func() { t.SessionClosed(Session{c}, reason, err) }
	})
}

func (t *traces) requestRejected(r Rejection) {
	t.each(func(t *Trace) func() {
		if t.RequestRejected == nil {
			return nil
		}
		return func() { t.RequestRejected(r) }
	})
}

func (t *traces) namespaceRefused(c *conn, name string) {
	t.each(func(t *Trace) func() {
		if t.NamespaceRefused == nil {
			return nil
		}
		return func() { t.NamespaceRefused(Session{c}, name) }
	})
}

func (t *traces) connected(s *Socket) {
	t.each(func(t *Trace) func() {
		if t.Connected == nil {
			return nil
		}
		return func() { t.Connected(s) }
	})
}

func (t *traces) connectRefused(s *Socket, err error) {
	t.each(func(t *Trace) func() {
		if t.ConnectRefused == nil {
			return nil
		}
		return func() { t.ConnectRefused(s, err) }
	})
}

func (t *traces) disconnected(s *Socket, reason event.Reason) {
	t.each(func(t *Trace) func() {
		if t.Disconnected == nil {
			return nil
		}
		return func() { t.Disconnected(s, reason) }
	})
}

func (t *traces) roomsJoined(s *Socket, changes []rooms.Change) {
	if len(changes) == 0 {
		return
	}
	t.each(func(t *Trace) func() {
		return func() {
			for _, c := range changes {
				if c.Edge && t.RoomCreated != nil {
					t.RoomCreated(s.namespace, c.Room)
				}
				if t.RoomJoined != nil {
					t.RoomJoined(s, c.Room)
				}
			}
		}
	})
}

func (t *traces) roomsLeft(s *Socket, changes []rooms.Change) {
	if len(changes) == 0 {
		return
	}
	t.each(func(t *Trace) func() {
		return func() {
			for _, c := range changes {
				if t.RoomLeft != nil {
					t.RoomLeft(s, c.Room)
				}
				if c.Edge && t.RoomDeleted != nil {
					t.RoomDeleted(s.namespace, c.Room)
				}
			}
		}
	})
}

func (t *traces) eventReceived(s *Socket, m *event.Message) {
	t.eachHere(func(t *Trace) {
		if t.EventReceived != nil {
			t.EventReceived(s, m)
		}
	})
}

// sent tells of a packet that was queued for a socket, or dropped with an error.
func (t *traces) sent(s *Socket, p *outgoing, err error) {
	if err == nil {
		t.eachHere(func(t *Trace) { t.packetSent(s.conn, p.messages) })
	}
	if p.event == "" {
		return
	}
	t.eachHere(func(t *Trace) {
		switch {
		case err != nil && t.EventDropped != nil:
			t.EventDropped(s, p.event, err)
		case err == nil && t.EventSent != nil:
			t.EventSent(s, p.event)
		}
	})
}

func (t *traces) packetReceived(c *conn, m transport.Message) {
	t.eachHere(func(t *Trace) {
		if t.PacketReceived != nil {
			t.PacketReceived(Session{c}, m)
		}
	})
}

// packetSent tells of a packet that is not an event.
func (t *traces) packetSent(c *conn, group []transport.Message) {
	t.each(func(t *Trace) func() {
		if t.PacketSent == nil {
			return nil
		}
		return func() { t.packetSent(c, group) }
	})
}

func (t *Trace) packetSent(c *conn, group []transport.Message) {
	if t.PacketSent != nil {
		t.PacketSent(Session{c}, group[0].Data, group[1:])
	}
}

// handling returns the context of the handlers of an event, and what to call with
// their errors in the end.
func (t *traces) handling(ctx context.Context, s *Socket, m *event.Message) (handling context.Context, end func(err error)) {
	var ends []func(error)
	for _, trace := range t.list {
		if trace.Handling == nil {
			continue
		}
		t.only(func() {
			inner, end := trace.Handling(ctx, s, m)
			if inner != nil {
				ctx = inner
			}
			if end != nil {
				ends = append(ends, end)
			}
		})
	}
	return ctx, func(err error) {
		for _, end := range slices.Backward(ends) { // inside out
			t.only(func() { end(err) })
		}
	}
}

// only calls a function of one trace. Whatever that does, it returns.
func (t *traces) only(fn func()) {
	if err := endpoint.Contain("trace", func() error { fn(); return nil }); err != nil {
		t.failed(err)
	}
}

// failed says that a function of a trace has panicked.
func (t *traces) failed(err error) { t.server.logError(slog.LevelError, "trace failed", err) }
