package socketio

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/isosocket/isosocket/socketio/endpoint"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/transport"
)

// Trace tells what happens on a connection, for logs, metrics and status lines. A
// nil function is not called, and a manager without a Trace pays one comparison.
// [Manager.AddTrace] adds one.
//
// The functions run where the thing happens, in part while the connection waits for
// them: they must return soon, and must not wait for the manager. They run
// concurrently, under no lock of the manager. A panic of one is reported to
// Options.OnError, and so is runtime.Goexit.
type Trace struct {
	// Connecting is called before each attempt to open a connection: 0 is the
	// first one, n the n-th attempt to reconnect.
	Connecting func(attempt int)

	// ConnectFailed is called when an attempt has failed.
	ConnectFailed func(attempt int, err error)

	// ReconnectScheduled is called when the n-th attempt to reconnect will be
	// made after delay.
	ReconnectScheduled func(attempt int, delay time.Duration)

	// GaveUp is called when nothing more will be tried, with what the last
	// attempt met.
	GaveUp func(err error)

	// SessionOpened is called when a connection is open. Sockets join their
	// namespaces next.
	SessionOpened func(s Session)

	// SessionUpgraded is called when a connection has moved to another transport.
	SessionUpgraded func(s Session)

	// UpgradeFailed is called when it could not. The connection goes on with
	// polling.
	UpgradeFailed func(s Session, err error)

	// SessionClosed is called when a connection has ended. err says more than the
	// reason, or is nil.
	SessionClosed func(s Session, reason Reason, err error)

	// PingReceived is called for each ping of the server; it has been answered.
	PingReceived func(s Session)

	// Connected is called when a socket is connected, before the functions of
	// OnConnect.
	Connected func(s *Socket)

	// Disconnected is called when a connected socket was disconnected, before the
	// functions of OnDisconnect; like them, behind the handlers of the events that came
	// before.
	Disconnected func(s *Socket, reason Reason, err error)

	// EventReceived is called for each event of the server, before it is queued for
	// the handlers. What the message holds must not be changed.
	EventReceived func(s *Socket, m *Message)

	// EventSent is called for each event that was queued for the connection. One that
	// was emitted while the socket was not connected is queued when it is.
	EventSent func(s *Socket, name string)

	// EventDropped is called for each event that will not be sent: a volatile one
	// that the connection was not ready for, one that did not fit into the send buffer,
	// and one that waited in it when the socket was closed.
	EventDropped func(s *Socket, name string, err error)

	// Handling is called before the handlers of an event. They get the context
	// returned, which is made of ctx or is ctx itself. end, unless it is nil, is
	// called when they have returned, with the errors of those that failed.
	Handling func(ctx context.Context, s *Socket, m *Message) (handling context.Context, end func(err error))

	// PacketReceived is called for each message of the server: a Socket.IO packet as
	// text, or an attachment of the last one. The data must be neither kept nor changed.
	PacketReceived func(s Session, m transport.Message)

	// PacketSent is called for each packet that was queued for the server: its text,
	// and its attachments. They must be neither kept nor changed. Packets that are sent
	// concurrently may be told in another order, and one after what the server answers.
	PacketSent func(s Session, text []byte, attachments []transport.Message)
}

// Session is a connection, which the sockets of a manager share, as a [Trace] is told
// of it. Two of them are equal if they are of one connection.
type Session struct{ session *session }

// ID returns the number of the connection, counted from 1 by its manager. It is not
// the id of the protocol, which is a secret.
func (s Session) ID() uint64 { return s.session.id }

// Transport returns the name of the transport, "polling" or "websocket".
func (s Session) Transport() string { return string(s.session.Transport()) }

// AddTrace adds a trace, called after those that are there already, until remove is
// called.
func (m *Manager) AddTrace(t *Trace) (remove func()) {
	endpoint.RefuseNil(t == nil, "Manager.AddTrace")
	added := *t // so that each call has something of its own to remove
	m.mu.Lock()
	defer m.mu.Unlock()
	m.setTraces(append(slices.Clip(m.traces), &added))
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.setTraces(slices.DeleteFunc(slices.Clone(m.traces), func(t *Trace) bool { return t == &added }))
	}
}

// setTraces is called with mu held.
func (m *Manager) setTraces(traces []*Trace) {
	m.traces = traces
	if len(traces) == 0 {
		m.tracer.Store(nil)
	} else {
		m.tracer.Store(&tracer{joined(traces, m.opts.reportError), handleTraced, tellNotes})
	}
}

// tracer is what a manager with traces calls. Whatever takes more than one call is a
// field too, so that a program that adds no trace does not carry it.
type tracer struct {
	*Trace // with every function
	handle func(t *Trace, conn *connection, m *Message)
	tell   func(t *Trace, notes []note)
}

// joined returns a trace with every function, which calls those of the traces.
func joined(traces []*Trace, report func(error)) *Trace {
	protect := func(call func()) {
		if err := endpoint.Contain("trace", func() error { call(); return nil }); err != nil {
			report(err)
		}
	}
	each := func(of func(t *Trace) (call func())) {
		for _, t := range traces {
			if call := of(t); call != nil {
				protect(call)
			}
		}
	}
	return &Trace{
		Connecting: func(attempt int) {
			each(func(t *Trace) func() {
				if t.Connecting == nil {
					return nil
				}
				return func() { t.Connecting(attempt) }
			})
		},
		ConnectFailed: func(attempt int, err error) {
			each(func(t *Trace) func() {
				if t.ConnectFailed == nil {
					return nil
				}
				return func() { t.ConnectFailed(attempt, err) }
			})
		},
		ReconnectScheduled: func(attempt int, delay time.Duration) {
			each(func(t *Trace) func() {
				if t.ReconnectScheduled == nil {
					return nil
				}
				return func() { t.ReconnectScheduled(attempt, delay) }
			})
		},
		GaveUp: func(err error) {
			each(func(t *Trace) func() {
				if t.GaveUp == nil {
					return nil
				}
				return func() { t.GaveUp(err) }
			})
		},
		SessionOpened: func(s Session) {
			each(func(t *Trace) func() {
				if t.SessionOpened == nil {
					return nil
				}
				return func() { t.SessionOpened(s) }
			})
		},
		SessionUpgraded: func(s Session) {
			each(func(t *Trace) func() {
				if t.SessionUpgraded == nil {
					return nil
				}
				return func() { t.SessionUpgraded(s) }
			})
		},
		UpgradeFailed: func(s Session, err error) {
			each(func(t *Trace) func() {
				if t.UpgradeFailed == nil {
					return nil
				}
				return func() { t.UpgradeFailed(s, err) }
			})
		},
		SessionClosed: func(s Session, reason Reason, err error) {
			each(func(t *Trace) func() {
				if t.SessionClosed == nil {
					return nil
				}
				return func() { t.SessionClosed(s, reason, err) }
			})
		},
		PingReceived: func(s Session) {
			each(func(t *Trace) func() {
				if t.PingReceived == nil {
					return nil
				}
				return func() { t.PingReceived(s) }
			})
		},
		Connected: func(s *Socket) {
			each(func(t *Trace) func() {
				if t.Connected == nil {
					return nil
				}
				return func() { t.Connected(s) }
			})
		},
		Disconnected: func(s *Socket, reason Reason, err error) {
			each(func(t *Trace) func() {
				if t.Disconnected == nil {
					return nil
				}
				return func() { t.Disconnected(s, reason, err) }
			})
		},
		EventReceived: func(s *Socket, m *Message) {
			each(func(t *Trace) func() {
				if t.EventReceived == nil {
					return nil
				}
				return func() { t.EventReceived(s, m) }
			})
		},
		EventSent: func(s *Socket, name string) {
			each(func(t *Trace) func() {
				if t.EventSent == nil {
					return nil
				}
				return func() { t.EventSent(s, name) }
			})
		},
		EventDropped: func(s *Socket, name string, err error) {
			each(func(t *Trace) func() {
				if t.EventDropped == nil {
					return nil
				}
				return func() { t.EventDropped(s, name, err) }
			})
		},
		Handling: func(ctx context.Context, s *Socket, message *Message) (context.Context, func(error)) {
			var ends []func(error)
			each(func(t *Trace) func() {
				if t.Handling == nil {
					return nil
				}
				return func() {
					inner, end := t.Handling(ctx, s, message)
					if inner != nil {
						ctx = inner
					}
					if end != nil {
						ends = append(ends, end)
					}
				}
			})
			return ctx, func(err error) {
				for _, end := range slices.Backward(ends) { // inside out
					protect(func() { end(err) })
				}
			}
		},
		PacketReceived: func(s Session, m transport.Message) {
			each(func(t *Trace) func() {
				if t.PacketReceived == nil {
					return nil
				}
				return func() { t.PacketReceived(s, m) }
			})
		},
		PacketSent: func(s Session, text []byte, attachments []transport.Message) {
			each(func(t *Trace) func() {
				if t.PacketSent == nil {
					return nil
				}
				return func() { t.PacketSent(s, text, attachments) }
			})
		},
	}
}

// handleTraced gives an event to its handlers, around which the trace is told.
func handleTraced(t *Trace, conn *connection, m *Message) {
	s := conn.socket
	ctx, end := t.Handling(conn.ctx, s, m)
	var errs []error
	exited := true // until the handlers have returned
	defer func() {
		if exited {
			errs = append(errs, &event.HandlerError{Event: m.Name(), Err: endpoint.ErrExited})
		}
		end(errors.Join(errs...))
	}()
	s.handlers.Dispatch(ctx, m, func(err error) {
		errs = append(errs, err)
		s.manager.opts.reportError(err)
	})
	exited = false
}

// note is what the traces are to be told of a packet, when mu is not held any more.
type note struct {
	socket  *Socket
	session *session // that it was queued for; nil if it was dropped
	packet  packet
	err     error // why it was dropped
}

func tellNotes(t *Trace, notes []note) {
	for i := range notes {
		n := &notes[i]
		if n.session == nil {
			t.EventDropped(n.socket, n.packet.event, n.err)
			continue
		}
		t.PacketSent(Session{n.session}, n.packet.messages[0].Data, n.packet.messages[1:])
		if n.packet.event != "" {
			t.EventSent(n.socket, n.packet.event)
		}
	}
}

// note keeps what became of a packet until unlock: it was queued for the session, or
// dropped if that is nil. It is called with mu held.
func (s *Socket) note(session *session, p packet, err error) {
	if m := s.manager; m.tracer.Load() != nil {
		m.notes = append(m.notes, note{s, session, p, err})
	}
}

// unlock unlocks mu and tells the traces what was noted meanwhile.
func (m *Manager) unlock() {
	notes := m.notes
	m.notes = nil
	m.mu.Unlock()
	if t := m.tracer.Load(); t != nil && notes != nil {
		t.tell(t.Trace, notes)
	}
}
