//go:build js

// Program wasm is the browser program of the demo: a chat on the page that web
// serves. Logic that needs no browser is in package guest, which the terminal
// client shares; here is what people see and touch. There is a file for each part
// of the page, and web/static/js holds the same files in JavaScript.
package main

import (
	"context"
	"errors"

	"github.com/isosocket/isosocket/web/chat"
	"github.com/isosocket/isosocket/web/chat/guest"
)

func main() {
	ui := newUI()
	defer ui.listeners.release()
	ui.welcome()
	for name := range ui.names {
		ui.refuse(ui.visit(name))
	}
}

// visit is one stay in the chat. It ends when the server refuses the guest.
func (ui *ui) visit(name string) error {
	ctx, leave := context.WithCancelCause(context.Background())
	defer leave(nil)
	g, err := guest.New(guest.Config{URL: "/", Room: roomOfPage(), Name: name, Key: keyOfTab(), View: ui})
	if err != nil {
		return err
	}
	ui.guest, ui.leave = g, leave
	defer func() { ui.guest = nil }()
	return g.Run(ctx)
}

// Refused ends the visit with what the server said.
func (ui *ui) Refused(reason string) { ui.leave(errors.New(reason)) }

var _ guest.View = (*ui)(nil)

var gapTexts = map[chat.Gap]string{
	chat.GapRestart: "The server was started again and has forgotten what came before. What you see above is only on this page.",
	chat.GapTrimmed: "More was written meanwhile than the server remembers. Some messages are missing here.",
}
