//go:build js

package main

import (
	"strings"
	"syscall/js"
	"time"

	"github.com/isosocket/isosocket/web/chat"
)

const quiet = 3 * time.Second // without a key, after which somebody has stopped writing

// composer is where messages are written.
type composer struct {
	post    func(text string, picture *chat.Picture)
	typing  func(active bool)
	writing bool
	stop    *time.Timer // ends the writing
}

func (c *composer) listen(l *listeners) {
	c.stop = time.AfterFunc(quiet, func() { c.write(false) })
	input := element("message-input")
	l.on(element("composer"), "submit", func(e js.Value) {
		e.Call("preventDefault")
		c.send(input)
	})
	l.on(input, "keydown", func(e js.Value) {
		composing := e.Get("isComposing").Bool() // Enter then chooses a word of the input method
		if e.Get("key").String() == "Enter" && !e.Get("shiftKey").Bool() && !composing {
			e.Call("preventDefault")
			c.send(input)
		}
	})
	l.on(input, "input", func(js.Value) { c.write(strings.TrimSpace(input.Get("value").String()) != "") })
	l.on(element("picture-input"), "change", func(e js.Value) {
		target := e.Get("target")
		if file := target.Get("files").Index(0); !file.IsUndefined() {
			go c.sendPicture(file, target) // ends with the browser's answer
		}
	})
}

func (c *composer) send(input js.Value) {
	message := strings.TrimSpace(input.Get("value").String())
	if message == "" {
		return
	}
	c.post(message, nil)
	input.Set("value", "")
	c.write(false)
	input.Call("focus")
}

func (c *composer) sendPicture(file, input js.Value) {
	problem := element("picture-error")
	text(problem, "")
	picture, err := readPicture(file)
	if err != nil {
		text(problem, sentence(err))
	} else {
		c.post("", picture)
	}
	input.Set("value", "")
}

// write tells the others about the writing, once when it begins and once when it ends.
func (c *composer) write(active bool) {
	c.stop.Stop()
	if active {
		c.stop.Reset(quiet)
	}
	if active != c.writing {
		c.writing = active
		c.typing(active)
	}
}

// showWriters tells who of the others is writing.
func showWriters(names []string) {
	line := element("typing")
	flag(line, "data-active", "true", len(names) > 0)
	switch len(names) {
	case 0:
		text(line, "")
	case 1:
		text(line, isolate(names[0])+" is writing…")
	case 2:
		text(line, isolate(names[0])+" and "+isolate(names[1])+" are writing…")
	default:
		text(line, "Several people are writing…")
	}
}

// isolate keeps a name that runs right to left from turning the sentence around it.
func isolate(name string) string { return "\u2068" + name + "\u2069" }

// sentence makes an error into what a person is told.
func sentence(err error) string {
	s := err.Error()
	return strings.ToUpper(s[:1]) + s[1:] + "."
}
