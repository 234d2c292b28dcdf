package socketio

import "encoding/json"

// recovery is what a server with connection state recovery needs to know to
// restore a session.
// https://socket.io/docs/v4/connection-state-recovery
type recovery struct {
	pid    string // private id of the session; "" if the server does not recover
	offset string // of the last event received
}

// received takes the offset from an event: it is the last argument, if that is a
// string. socket.io-client/lib/socket.ts emitEvent
func (r *recovery) received(last []byte) {
	if r.pid == "" || len(last) == 0 || last[0] != '"' {
		return
	}
	var offset string
	if json.Unmarshal(last, &offset) == nil {
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

// payload puts the ids in front of the payload of CONNECT, a JSON object or
// nothing, so that a member of the user's wins over them.
func (r *recovery) payload(auth []byte) []byte {
	if r.pid == "" {
		return auth
	}
	ids := struct {
		PID    string `json:"pid"`
		Offset string `json:"offset,omitempty"`
	}{r.pid, r.offset}
	data, err := json.Marshal(ids)
	if err != nil {
		panic("BUG: socketio: encode recovery: " + err.Error()) // strings always encode
	}
	if len(auth) <= len("{}") {
		return data
	}
	data[len(data)-1] = ','
	return append(data, auth[1:]...)
}
