package socketio

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/isosocket/isosocket/socketio/event"
)

// printer writes errors to standard error, which is the console in a page, when the user
// does not take them: one line each, and behind a panic its stack.
type printer struct {
	mu    sync.Mutex
	count int // errors in this second; guarded by mu
}

// The bounds of what a printer writes. Errors may hold what the server sent.
const (
	maxPrinted    = 10 // lines a second, and one that counts the others
	maxPrintedErr = 300
	maxStack      = 4 << 10
)

func (p *printer) print(err error) {
	p.mu.Lock()
	p.count++
	count := p.count
	p.mu.Unlock()
	if count == 1 {
		time.AfterFunc(time.Second, p.endSecond)
	}
	if count > maxPrinted {
		return
	}
	text := line(err.Error())
	if failed, ok := errors.AsType[*event.HandlerError](err); ok && failed.Stack != nil {
		text += string(failed.Stack[:min(len(failed.Stack), maxStack)]) + "\n"
	}
	_, _ = os.Stderr.WriteString(text) // who does not see it has no console
}

// endSecond tells how many errors were not printed.
func (p *printer) endSecond() {
	p.mu.Lock()
	more := p.count - maxPrinted
	p.count = 0
	p.mu.Unlock()
	if more > 0 {
		_, _ = os.Stderr.WriteString(line(strconv.Itoa(more) + " more errors within a second"))
	}
}

// line returns the text as one line without control characters.
func line(text string) string {
	if len(text) > maxPrintedErr {
		text = text[:maxPrintedErr] + "…"
	}
	line := []byte(strings.TrimPrefix(text, "socketio: "))
	for i, c := range line {
		if c < ' ' || c == 0x7f {
			line[i] = ' '
		}
	}
	return "socketio: " + string(line) + "\n"
}
