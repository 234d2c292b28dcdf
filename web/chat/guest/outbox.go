package guest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/web/chat"
)

// draft is a message that the server may not have.
type draft struct {
	chat.Draft
	delivery *chat.Delivery // came before the reply
}

// Post writes a message in the room, now or as soon as there is a connection.
func (g *Guest) Post(text string, picture *chat.Picture) {
	g.try(func() {
		d := &draft{Draft: chat.Draft{ID: newID(), Room: g.room, Text: text, Picture: picture}}
		g.outbox = append(g.outbox, d)
		g.showDraft(d)
		g.flush()
	})
}

func newID() string { return fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64()) }

func (g *Guest) showDraft(d *draft) {
	if g.seen[d.ID] {
		return
	}
	g.seen[d.ID] = true
	from := g.me
	if from.ID == "" {
		from.Name = g.name
	}
	g.view.Message(chat.Message{
		ID: d.ID, Room: d.Room, From: from, At: time.Now().UnixMilli(), Text: d.Text, Picture: d.Picture,
	}, true, Waiting)
}

// flush sends the drafts one after the other, so that they stay in order. A draft
// leaves the outbox with its reply: the server knows one that it gets twice.
func (g *Guest) flush() {
	if g.sending || !g.joined || len(g.outbox) == 0 {
		return
	}
	g.sending = true
	d, visit := g.outbox[0], g.visit
	g.ask(func(ctx context.Context) func() {
		receipt, err := chat.Post.Request(ctx, g.socket, d.Draft)
		lost := lost(ctx, err)
		return func() {
			g.sending = false
			if !lost && !errors.Is(err, context.DeadlineExceeded) {
				g.replied(d, receipt, err)
			}
			if !lost || visit != g.visit { // else joining again flushes
				g.flush()
			}
		}
	})
}

func (g *Guest) replied(d *draft, receipt chat.Receipt, err error) {
	var refused *event.AckError
	switch {
	case errors.As(err, &refused):
		g.view.Progress(d.ID, Progress{State: Failed, Reason: refused.Message})
	case err != nil:
		g.view.Progress(d.ID, Progress{State: Failed, Reason: err.Error()})
	default:
		if d.Room == g.room {
			g.follow(receipt.Seq)
		}
		if d.delivery == nil {
			d.delivery = &chat.Delivery{Others: receipt.Others}
		}
		p := progress(*d.delivery)
		p.Seq, p.At = receipt.Seq, receipt.At
		g.view.Progress(d.ID, p)
	}
	g.outbox = g.outbox[1:]
}

// delivered may overtake the reply to the post that it tells of.
func (g *Guest) delivered(d chat.Delivery) {
	if len(g.outbox) > 0 && g.outbox[0].ID == d.ID {
		g.outbox[0].delivery = &d
		return
	}
	g.view.Progress(d.ID, progress(d))
}

func progress(d chat.Delivery) Progress {
	p := Progress{State: Sent, Got: d.Got, Others: d.Others}
	if d.Others > 0 && d.Got == d.Others {
		p.State = Delivered
	}
	return p
}
