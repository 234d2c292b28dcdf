//go:build js

package main

import (
	"strconv"
	"syscall/js"

	"github.com/isosocket/isosocket/web/chat"
)

// sidebar shows rooms and people.
type sidebar struct {
	rooms   []chat.Room
	current string
}

// listen calls enter with the room that is chosen.
func (s *sidebar) listen(l *listeners, enter func(room string)) {
	choose := func(room string) {
		s.open(false)
		enter(room)
	}
	l.on(element("rooms"), "click", func(e js.Value) {
		button := e.Get("target").Call("closest", "button[data-room]")
		if !button.IsNull() {
			choose(button.Call("getAttribute", "data-room").String())
		}
	})
	l.on(element("room-form"), "submit", func(e js.Value) {
		e.Call("preventDefault")
		input := element("room-input")
		if name := chat.Clean(input.Get("value").String()); name != "" {
			choose(name)
		}
		input.Set("value", "")
	})
	l.on(element("side-toggle"), "click", func(js.Value) { s.open(!s.isOpen()) })
	l.on(element("shade"), "click", func(js.Value) { s.open(false) })
	l.on(document, "keydown", func(e js.Value) {
		if e.Get("key").String() == "Escape" && s.isOpen() {
			s.open(false)
			element("side-toggle").Call("focus")
		}
	})
}

func (s *sidebar) isOpen() bool {
	return element("side-toggle").Get("ariaExpanded").String() == "true"
}

// open shows or hides the side on narrow pages; wide ones always show it.
func (s *sidebar) open(yes bool) {
	element("side-toggle").Set("ariaExpanded", strconv.FormatBool(yes))
	flag(document.Get("body"), "data-side", "open", yes)
	if yes {
		if first := element("rooms").Call("querySelector", "button"); !first.IsNull() {
			first.Call("focus")
		}
	}
}

func (s *sidebar) showRooms() {
	items := make([]any, len(s.rooms))
	for i, room := range s.rooms {
		item := stamp("room-template")
		button := item.Get("firstElementChild")
		attribute(button, "data-room", room.Name)
		flag(button, "aria-current", "true", room.Name == s.current)
		text(part(item, "name"), room.Name)
		if room.People > 0 {
			text(part(item, "count"), strconv.Itoa(room.People))
			part(item, "count").Set("title", people(room.People))
		}
		items[i] = item
	}
	element("rooms").Call("replaceChildren", items...)
}

func (s *sidebar) showPeople(members []chat.Member, me chat.Member) {
	text(element("people-count"), strconv.Itoa(len(members)))
	summary := "Only you"
	if len(members) != 1 {
		summary = people(len(members))
	}
	text(element("room-summary"), summary)
	items := make([]any, len(members))
	for i, m := range members {
		item := stamp("person-template")
		attribute(item, "data-member", m.ID)
		flag(item, "data-me", "true", m.ID == me.ID)
		paint(part(item, "avatar"), m)
		text(part(item, "name"), m.Name)
		hide(part(item, "you"), m.ID != me.ID)
		items[i] = item
	}
	element("people").Call("replaceChildren", items...)
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return strconv.Itoa(n) + " people"
}
