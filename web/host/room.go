package host

import (
	"slices"

	"github.com/isosocket/isosocket/web/chat"
)

const (
	// MaxHistory bounds the messages that are remembered of a room.
	MaxHistory = 100
	// MaxHistoryBytes bounds their texts and pictures together, for each room.
	MaxHistoryBytes = 4 << 20
)

// room is a room; its fields are guarded by the host's mutex.
type room struct {
	name     string
	fixed    bool // stays when nobody is there
	visitors []*visitor
	history  []*entry // oldest first
	bytes    int      // of the history
	seq      int      // of the last message
}

// entry is a message with those who do not show it yet.
type entry struct {
	chat.Message
	others  int             // people who were there, without the author
	missing map[string]bool // their ids, less those who show it
}

// channel is the room's name among the server's rooms, which the sockets' ids share.
func (r *room) channel() string { return "room:" + r.name }

func (r *room) has(m chat.Member) bool {
	return slices.ContainsFunc(r.visitors, func(v *visitor) bool { return v.me.ID == m.ID })
}

// members are the people in the room in the order they came. Somebody who is there twice is one.
func (r *room) members() []chat.Member {
	members := make([]chat.Member, 0, len(r.visitors))
	for _, v := range r.visitors {
		if !slices.ContainsFunc(members, func(m chat.Member) bool { return m.ID == v.me.ID }) {
			members = append(members, v.me)
		}
	}
	return members
}

func (r *room) entry(id string) *entry {
	i := slices.IndexFunc(r.history, func(e *entry) bool { return e.ID == id })
	if i < 0 {
		return nil
	}
	return r.history[i]
}

// add appends a draft to the history, and forgets the oldest messages over the limits.
func (r *room) add(d chat.Draft, from chat.Member, at int64) *entry {
	r.seq++
	e := &entry{
		Message: chat.Message{ID: d.ID, Room: r.name, Seq: r.seq, From: from, At: at, Text: d.Text, Picture: d.Picture},
		missing: make(map[string]bool),
	}
	for _, m := range r.members() {
		if m.ID != from.ID {
			e.missing[m.ID] = true
		}
	}
	e.others = len(e.missing)
	r.history = append(r.history, e)
	r.bytes += size(e)
	for len(r.history) > MaxHistory || r.bytes > MaxHistoryBytes {
		r.bytes -= size(r.history[0])
		r.history = slices.Delete(r.history, 0, 1)
	}
	return e
}

func size(e *entry) int {
	n := len(e.Text)
	if e.Picture != nil {
		n += len(e.Picture.Data)
	}
	return n
}

// since returns what was written after the cursor, and whether something is missing before it.
func (r *room) since(after chat.Cursor, run string) (missed []chat.Message, gap chat.Gap) {
	if after.Run != "" && after.Run != run {
		after.Seq, gap = 0, chat.GapRestart
	}
	for _, e := range r.history {
		if e.Seq > after.Seq {
			missed = append(missed, e.Message)
		}
	}
	if after.Run == run && r.seq-after.Seq > len(missed) {
		gap = chat.GapTrimmed
	}
	return missed, gap
}
