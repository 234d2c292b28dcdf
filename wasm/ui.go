//go:build js

package main

import (
	"context"
	"syscall/js"

	"github.com/isosocket/isosocket/web/chat"
	"github.com/isosocket/isosocket/web/chat/guest"
)

// ui is the page: it shows what the guest tells, and tells the guest what people do.
type ui struct {
	listeners listeners
	sidebar   sidebar
	timeline  timeline
	composer  composer

	names chan string // of people who want to join
	guest *guest.Guest
	leave context.CancelCauseFunc // ends the guest's visit
}

func newUI() *ui {
	ui := &ui{names: make(chan string, 1)}
	ui.composer = composer{
		post: func(text string, picture *chat.Picture) {
			if ui.guest != nil {
				ui.guest.Post(text, picture)
			}
		},
		typing: func(active bool) {
			if ui.guest != nil {
				ui.guest.Typing(active)
			}
		},
	}
	l := &ui.listeners
	ui.sidebar.listen(l, ui.enter)
	ui.timeline.listen(l)
	ui.composer.listen(l)
	l.on(element("join-form"), "submit", func(e js.Value) {
		e.Call("preventDefault")
		ui.join(chat.Clean(element("name-input").Get("value").String()))
	})
	l.on(global, "hashchange", func(js.Value) { ui.enter(roomOfPage()) })
	for event, online := range map[string]bool{"online": true, "offline": false} {
		l.on(global, event, func(js.Value) {
			if ui.guest != nil {
				ui.guest.Network(online)
			}
		})
	}
	return ui
}

// welcome shows the form, which the page has had disabled until now.
func (ui *ui) welcome() {
	element("name-input").Set("value", nameOfBrowser())
	hide(element("load-progress"), true)
	text(element("join-button"), "Join")
	element("join-button").Set("disabled", false)
	phase("welcome")
}

// join hands the name to main, which is waiting for one while the form can be used.
func (ui *ui) join(name string) {
	if name == "" {
		return
	}
	select {
	case ui.names <- name:
		rememberName(name)
		text(element("join-error"), "")
		element("join-button").Set("disabled", true)
	default:
	}
}

func (ui *ui) refuse(err error) {
	phase("welcome")
	text(element("join-error"), sentence(err))
	element("join-button").Set("disabled", false)
}

func (ui *ui) enter(room string) {
	if ui.guest != nil {
		ui.guest.Enter(room)
	}
}

func (ui *ui) Status(s guest.Status) { showStatus(s) }

func (ui *ui) Rooms(rooms []chat.Room) {
	ui.sidebar.rooms = rooms
	ui.sidebar.showRooms()
}

func (ui *ui) Entering(room string) {
	setRoomOfPage(room)
	document.Set("title", room+" · chat in Go")
	ui.sidebar.current = room
	ui.sidebar.showRooms()
	ui.timeline.clear(room)
}

func (ui *ui) Joined(room string, members []chat.Member, me chat.Member) {
	ui.timeline.opened(room)
	ui.sidebar.showPeople(members, me)
	if element("chat").Get("hidden").Bool() {
		phase("chat")
		ui.timeline.toBottom()
		element("message-input").Call("focus")
	}
}

func (ui *ui) Gap(gap chat.Gap) { ui.timeline.notice(string(gap), gapTexts[gap]) }

func (ui *ui) Presence(members []chat.Member, me chat.Member, who *chat.Member, left bool) {
	ui.sidebar.showPeople(members, me)
	switch {
	case who == nil:
	case left:
		ui.timeline.notice("left", isolate(who.Name)+" left")
	default:
		ui.timeline.notice("joined", isolate(who.Name)+" joined")
	}
}

func (ui *ui) Message(m chat.Message, mine bool, state guest.State) { ui.timeline.add(m, mine, state) }

func (ui *ui) Progress(id string, p guest.Progress) { ui.timeline.progress(id, p) }

func (ui *ui) Writers(names []string) { showWriters(names) }
