//go:build js

package main

import (
	"strconv"
	"syscall/js"

	"github.com/isosocket/isosocket/web/chat"
	"github.com/isosocket/isosocket/web/chat/guest"
)

const (
	nearBottom = 80            // pixels
	together   = 5 * 60 * 1000 // milliseconds between messages that share a head
	waiting    = "[data-state=waiting]"
)

// timeline shows the messages of the room.
type timeline struct {
	items map[string]js.Value // by the id of the message
	urls  []js.Value          // of pictures
}

func (t *timeline) listen(l *listeners) {
	l.on(element("newer"), "click", func(js.Value) { t.toBottom() })
	l.on(element("scroller"), "scroll", func(js.Value) {
		if t.atBottom() {
			hide(element("newer"), true)
		}
	})
}

// clear begins another room.
func (t *timeline) clear(room string) {
	for _, url := range t.urls {
		global.Get("URL").Call("revokeObjectURL", url)
	}
	*t = timeline{items: make(map[string]js.Value)}
	list := element("timeline")
	list.Call("replaceChildren")
	list.Call("removeAttribute", "data-room")
	text(element("room-title"), room)
	hide(element("newer"), true)
	text(element("empty"), "Opening the room…")
}

// opened says that the room was entered.
func (t *timeline) opened(room string) {
	attribute(element("timeline"), "data-room", room)
	text(element("empty"), "Nothing written yet. Say something.")
}

// add appends a message.
func (t *timeline) add(m chat.Message, mine bool, state guest.State) {
	stay := t.atBottom()
	item := stamp("message-template")
	attribute(item, "data-id", m.ID)
	flag(item, "data-mine", "true", mine)
	attribute(item, "data-author", m.From.ID)
	attribute(item, "data-at", strconv.FormatInt(m.At, 10))
	paint(part(item, "avatar"), m.From)
	text(part(item, "author"), m.From.Name)
	text(part(item, "text"), m.Text)
	hide(part(item, "text"), m.Text == "")
	if m.Picture != nil {
		t.addPicture(part(item, "picture"), m.Picture)
	}
	t.items[m.ID] = item
	t.progress(m.ID, guest.Progress{State: state, Seq: m.Seq, At: m.At})
	t.append(item, stay || mine)
	flag(item, "data-follows", "true", follows(item, m))
}

// follows reports whether the message continues the one before it.
func follows(item js.Value, m chat.Message) bool {
	before := item.Get("previousElementSibling")
	if before.IsNull() || before.Get("dataset").Get("author").IsUndefined() {
		return false
	}
	at, err := strconv.ParseInt(before.Get("dataset").Get("at").String(), 10, 64)
	return err == nil && before.Get("dataset").Get("author").String() == m.From.ID && m.At-at < together
}

// addPicture shows bytes in an img element. Its size is known before the browser
// has decoded it, so that nothing jumps.
func (t *timeline) addPicture(img js.Value, p *chat.Picture) {
	data := global.Get("Uint8Array").New(len(p.Data))
	js.CopyBytesToJS(data, p.Data)
	blob := global.Get("Blob").New([]any{data}, object(map[string]any{"type": p.Type}))
	url := global.Get("URL").Call("createObjectURL", blob)
	t.urls = append(t.urls, url)
	hide(img, false)
	alt := p.Name
	if alt == "" {
		alt = "Picture"
	}
	img.Set("alt", alt)
	img.Set("width", p.Width)
	img.Set("height", p.Height)
	img.Set("src", url)
}

// progress shows what became of a message.
func (t *timeline) progress(id string, p guest.Progress) {
	item, ok := t.items[id]
	if !ok {
		return
	}
	if p.Seq > 0 {
		attribute(item, "data-seq", strconv.Itoa(p.Seq))
	}
	if p.At > 0 {
		at := global.Get("Date").New(p.At)
		clock := at.Call("toLocaleTimeString", []any{}, object(map[string]any{"hour": "numeric", "minute": "2-digit"}))
		text(part(item, "time"), clock.String())
		part(item, "time").Set("dateTime", at.Call("toISOString"))
	}
	attribute(item, "data-state", string(p.State))
	ticks, label := part(item, "ticks"), ticksLabel(p)
	ticks.Set("title", label)
	ticks.Set("ariaLabel", label)
	if p.Reason != "" {
		text(part(item, "reason"), "Not sent: "+p.Reason+".")
	}
}

func ticksLabel(p guest.Progress) string {
	others := strconv.Itoa(p.Others)
	switch {
	case p.State == guest.Waiting:
		return "Waiting for a connection"
	case p.State == guest.Failed:
		return "Not sent"
	case p.State == guest.Delivered && p.Others == 1:
		return "Delivered"
	case p.State == guest.Delivered:
		return "Delivered to all " + others
	case p.Others > 0:
		return "Sent, shown to " + strconv.Itoa(p.Got) + " of " + others
	}
	return "Sent"
}

// notice appends a line that nobody wrote.
func (t *timeline) notice(kind, line string) {
	stay := t.atBottom()
	item := stamp("notice-template")
	attribute(item, "data-kind", kind)
	text(item, line)
	t.append(item, stay)
}

// append keeps what waits to be sent last.
func (t *timeline) append(item js.Value, follow bool) {
	list, before := element("timeline"), js.Null()
	if !item.Call("matches", waiting).Bool() {
		before = list.Call("querySelector", waiting)
	}
	list.Call("insertBefore", item, before)
	if follow {
		t.toBottom()
	} else {
		hide(element("newer"), false)
	}
}

func (t *timeline) atBottom() bool {
	s := element("scroller")
	return s.Get("scrollHeight").Int()-s.Get("scrollTop").Int()-s.Get("clientHeight").Int() < nearBottom
}

func (t *timeline) toBottom() {
	s := element("scroller")
	s.Set("scrollTop", s.Get("scrollHeight"))
	hide(element("newer"), true)
}
