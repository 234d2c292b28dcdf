package socketio

import (
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/socketio/parser"
)

// recovery is what a server with connection state recovery needs to know to
// restore a session.
// https://socket.io/docs/v4/connection-state-recovery
type recovery struct {
	pid    string // private id of the session; "" if the server does not recover
	offset string // of the last event received
}

// received takes the offset from an event: it is the last argument, if that is a
// string. socket.io-client/lib/socket.ts emitEvent
func (r *recovery) received(m *event.Message) {
	if r.pid == "" || m.Len() == 0 {
		return
	}
	targets := make([]any, m.Len())
	offset := r.offset
	targets[len(targets)-1] = &offset
	if m.Decode(targets...) == nil {
		r.offset = offset
	}
}

// connected takes the id from the answer to CONNECT and reports whether the
// session is the one that was asked for. Offsets of one session mean nothing in
// another.
func (r *recovery) connected(pid string) bool {
	if pid != "" && pid == r.pid {
		return true
	}
	*r = recovery{pid: pid}
	return false
}

// members returns what CONNECT says of the session.
func (r *recovery) members() []parser.Member {
	if r.pid == "" {
		return nil
	}
	ids := []parser.Member{{Name: "pid", Value: r.pid}}
	if r.offset != "" {
		ids = append(ids, parser.Member{Name: "offset", Value: r.offset})
	}
	return ids
}
