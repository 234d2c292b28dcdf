package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/isosocket/isosocket/web/chat"
	"github.com/isosocket/isosocket/web/chat/guest"
)

// view prints what happens, a line each. Lines that nobody wrote begin with a star.
type view struct {
	out   io.Writer
	leave context.CancelCauseFunc
	link  guest.Link
}

var _ guest.View = (*view)(nil)

func (v *view) note(format string, args ...any) {
	fmt.Fprintln(v.out, "*", printable(fmt.Sprintf(format, args...)))
}

// printable keeps what others wrote from controlling the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

func (v *view) Status(s guest.Status) {
	if s.Link == v.link {
		return
	}
	v.link = s.Link
	if s.Link == guest.Connected {
		v.note("connected over %s", s.Transport)
	} else {
		v.note("%s", s.Link)
	}
}

func (v *view) Rooms([]chat.Room) {}

func (v *view) Entering(string) {}

func (v *view) Joined(room string, members []chat.Member, _ chat.Member) {
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = m.Name
	}
	v.note("in %s with %s", room, strings.Join(names, ", "))
}

func (v *view) Refused(reason string) { v.leave(errors.New(reason)) }

func (v *view) Gap(gap chat.Gap) {
	switch gap {
	case chat.GapRestart:
		v.note("the server was started again and has forgotten what came before")
	case chat.GapTrimmed:
		v.note("more was written meanwhile than the server remembers")
	}
}

func (v *view) Presence(_ []chat.Member, _ chat.Member, who *chat.Member, left bool) {
	switch {
	case who == nil:
	case left:
		v.note("%s left", who.Name)
	default:
		v.note("%s joined", who.Name)
	}
}

// Message prints what others wrote; what the person wrote is on the screen already.
func (v *view) Message(m chat.Message, mine bool, state guest.State) {
	if mine && state == guest.Waiting {
		return
	}
	line := m.Text
	if p := m.Picture; p != nil {
		line = strings.TrimSpace(fmt.Sprintf("[picture %s, %d×%d, %d KB] %s", p.Name, p.Width, p.Height, (len(p.Data)+999)/1000, m.Text))
	}
	fmt.Fprintf(v.out, "%s %s: %s\n", time.UnixMilli(m.At).Format("15:04"), printable(m.From.Name), printable(line))
}

func (v *view) Progress(_ string, p guest.Progress) {
	switch p.State {
	case guest.Failed:
		v.note("not sent: %s", p.Reason)
	case guest.Delivered:
		v.note("✓✓ delivered to %d", p.Others)
	}
}

func (v *view) Writers([]string) {}
