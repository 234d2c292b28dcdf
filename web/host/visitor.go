package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/web/chat"
)

// visitor is one socket. Its handlers run one at a time.
type visitor struct {
	host   *Host
	socket *server.Socket
	me     chat.Member // guarded by the host's mutex
	room   *room       // nil before the first; guarded by the host's mutex
}

// refuse makes an error one that the client is told.
func refuse(err error) error { return &event.AckError{Message: err.Error()} }

var (
	errNoRoom    = errors.New("this room does not exist any more")
	errFull      = errors.New("there are too many rooms already")
	errNotJoined = errors.New("join a room first")
)

func (v *visitor) join(_ context.Context, r chat.JoinRequest) (chat.Joined, error) {
	r.Name, r.Room = chat.Clean(r.Name), chat.Clean(r.Room)
	if err := r.Check(); err != nil {
		return chat.Joined{}, refuse(err)
	}
	h := v.host
	h.mu.Lock()
	defer h.mu.Unlock()
	h.leave(v)
	room := h.open(r.Room)
	if room == nil {
		return chat.Joined{}, refuse(errFull)
	}
	if v.me.ID != "" {
		v.socket.Leave(personal(v.me))
	}
	v.me = chat.Member{ID: memberID(r.Key), Name: r.Name}
	v.socket.Join(personal(v.me))
	h.enter(v, room)

	missed, gap := room.since(r.After, h.run)
	for _, m := range missed {
		h.announce(func() { _ = chat.Posted.Emit(v.socket, m) })
	}
	return chat.Joined{
		Room:    room.name,
		You:     v.me,
		Members: room.members(),
		Gap:     gap,
		Cursor:  chat.Cursor{Run: h.run, Seq: room.seq - len(missed)},
	}, nil
}

// memberID is what others see of a key.
func memberID(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:8])
}

// personal is the room of all the sockets of a person, also of one that comes after a reconnection.
func personal(m chat.Member) string { return "person:" + m.ID }

func (v *visitor) post(_ context.Context, d chat.Draft) (chat.Receipt, error) {
	if err := d.Check(); err != nil {
		return chat.Receipt{}, refuse(err)
	}
	h := v.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if v.room == nil {
		return chat.Receipt{}, refuse(errNotJoined)
	}
	r := h.find(d.Room)
	if r == nil {
		return chat.Receipt{}, refuse(errNoRoom)
	}
	e := r.entry(d.ID)
	if e == nil {
		e = r.add(d, v.me, time.Now().UnixMilli())
		message := e.Message
		h.announce(func() { _ = chat.Posted.Emit(v.socket.To(r.channel()), message) })
	}
	return chat.Receipt{Seq: e.Seq, At: e.At, Others: e.others}, nil
}

func (v *visitor) shown(_ context.Context, id string) error {
	h := v.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if v.room == nil {
		return nil
	}
	e := v.room.entry(id)
	if e == nil || !e.missing[v.me.ID] {
		return nil // forgotten, told before, or not asked for
	}
	delete(e.missing, v.me.ID)
	d := chat.Delivery{ID: e.ID, Got: e.others - len(e.missing), Others: e.others}
	author := personal(e.From)
	h.announce(func() { _ = chat.Delivered.Emit(h.io.To(author), d) })
	return nil
}

func (v *visitor) typing(_ context.Context, active bool) error {
	h := v.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if v.room == nil {
		return nil
	}
	w := chat.Writer{Room: v.room.name, From: v.me, Active: active}
	to := v.socket.To(v.room.channel())
	h.announce(func() { _ = chat.Typed.Emit(to, w) })
	return nil
}

func (v *visitor) latency(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }

func (v *visitor) gone(event.Reason) {
	v.host.mu.Lock()
	defer v.host.mu.Unlock()
	v.host.leave(v)
}
