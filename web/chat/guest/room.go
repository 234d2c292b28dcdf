package guest

import (
	"context"
	"errors"
	"slices"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/web/chat"
)

// Enter goes to another room.
func (g *Guest) Enter(room string) {
	room = chat.Clean(room)
	g.try(func() {
		if room == g.room {
			return
		}
		g.leave()
		g.room = room
		g.early = nil
		g.cursor = chat.Cursor{}
		g.ahead = make(map[int]bool)
		g.seen = make(map[string]bool)
		g.members, g.absent, g.writers = nil, nil, nil
		g.view.Entering(room)
		g.view.Writers(nil)
		if g.status.Link == Connected {
			g.join()
		}
	})
}

func (g *Guest) leave() {
	g.visit++
	g.joined = false
}

func (g *Guest) join() {
	visit := g.visit
	request := chat.JoinRequest{Room: g.room, Name: g.name, Key: g.key, After: g.cursor}
	g.ask(func(ctx context.Context) func() {
		reply, err := chat.Join.Request(ctx, g.socket, request)
		lost := lost(ctx, err)
		return func() {
			var refused *event.AckError
			switch {
			case visit != g.visit || lost: // the next connection joins
			case err == nil:
				g.enterJoined(reply)
			case errors.Is(err, context.DeadlineExceeded):
				g.join()
			case errors.As(err, &refused):
				g.view.Refused(refused.Message)
			default:
				g.view.Refused(err.Error())
			}
		}
	})
}

func (g *Guest) enterJoined(joined chat.Joined) {
	g.absent = make(map[string]bool)
	for _, m := range g.members {
		g.absent[m.ID] = true
	}
	for _, m := range joined.Members {
		delete(g.absent, m.ID)
	}
	g.joined = true
	g.me = joined.You
	g.members = joined.Members
	if joined.Cursor.Run != g.cursor.Run {
		g.cursor = chat.Cursor{Run: joined.Cursor.Run}
		clear(g.ahead)
	}
	g.view.Joined(g.room, g.members, g.me)
	if joined.Gap != chat.NoGap {
		g.view.Gap(joined.Gap)
	}
	g.cursor.Seq = max(g.cursor.Seq, joined.Cursor.Seq)
	for _, m := range g.early {
		g.show(m)
	}
	g.early = nil
	for _, d := range g.outbox {
		if d.Room == g.room {
			g.showDraft(d)
		}
	}
	g.flush()
}

func (g *Guest) presence(p chat.RoomPresence) {
	if p.Room != g.room || !g.joined {
		return
	}
	g.members = p.Members
	if p.Left {
		g.stopped(p.Who)
	}
	who := &p.Who
	if p.Who.ID == g.me.ID || !p.Left && g.absent[p.Who.ID] {
		who = nil
	}
	delete(g.absent, p.Who.ID)
	g.view.Presence(g.members, g.me, who, p.Left)
}

// receive takes a message that the server sent. The first ones may overtake the
// reply to the request to join.
func (g *Guest) receive(m chat.Message) {
	switch {
	case m.Room != g.room:
	case !g.joined:
		g.early = append(g.early, m)
	default:
		g.show(m)
	}
}

func (g *Guest) show(m chat.Message) {
	g.follow(m.Seq)
	if g.seen[m.ID] {
		return
	}
	g.seen[m.ID] = true
	g.stopped(m.From)
	mine := m.From.ID == g.me.ID
	g.view.Message(m, mine, Sent)
	if !mine {
		_ = chat.Shown.Emit(g.socket, m.ID) // fails when the connection is lost, with it the receipt
	}
}

// follow moves the cursor over the messages that have come without a gap: the
// reply to a post may overtake the message before it.
func (g *Guest) follow(seq int) {
	if seq > g.cursor.Seq {
		g.ahead[seq] = true
	}
	for g.ahead[g.cursor.Seq+1] {
		g.cursor.Seq++
		delete(g.ahead, g.cursor.Seq)
	}
}

// Typing tells the others in the room whether the guest is writing.
func (g *Guest) Typing(active bool) {
	g.try(func() {
		if g.joined {
			_ = chat.Typing.Emit(g.socket, active) // fails when the connection is lost, and the writing with it
		}
	})
}

func (g *Guest) typed(w chat.Writer) {
	if w.Room != g.room {
		return
	}
	g.stopped(w.From)
	if w.Active {
		g.writers = append(g.writers, w.From)
		g.showWriters()
	}
}

// stopped takes somebody off the writers.
func (g *Guest) stopped(who chat.Member) {
	before := len(g.writers)
	g.writers = slices.DeleteFunc(g.writers, func(m chat.Member) bool { return m.ID == who.ID })
	if len(g.writers) != before {
		g.showWriters()
	}
}

func (g *Guest) showWriters() {
	names := make([]string, len(g.writers))
	for i, w := range g.writers {
		names[i] = w.Name
	}
	g.view.Writers(names)
}
