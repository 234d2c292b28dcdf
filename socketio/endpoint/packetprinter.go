package endpoint

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/isosocket/isosocket/socketio/event"
	"github.com/isosocket/isosocket/transport"
)

// PacketPrinter writes the lines of both ends' TracePackets, each packet with one
// Write, of which there is one at a time.
type PacketPrinter struct {
	mu sync.Mutex
	w  io.Writer // guarded by mu
}

// NewPacketPrinter returns a printer that writes to w.
func NewPacketPrinter(w io.Writer) *PacketPrinter { return &PacketPrinter{w: w} }

// Print writes lines about the session of that number.
func (p *PacketPrinter) Print(session uint64, lines ...string) {
	var text []byte
	for _, line := range lines {
		text = fmt.Appendf(text, "session %d %s\n", session, line)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.w.Write(text) // an error that a trace cannot report
}

// Closed tells why a session has ended.
func (p *PacketPrinter) Closed(session uint64, reason event.Reason, err error) {
	line := "closed: " + string(reason)
	if err != nil {
		line += ": " + err.Error()
	}
	p.Print(session, line)
}

// Received tells of a message of the peer.
func (p *PacketPrinter) Received(session uint64, m transport.Message) {
	if m.Binary {
		p.Print(session, attachment("←", m))
	} else {
		p.Print(session, "← "+printable(m.Data))
	}
}

// Sent tells of a packet that was queued for the peer.
func (p *PacketPrinter) Sent(session uint64, text []byte, attachments []transport.Message) {
	lines := []string{"→ " + printable(text)}
	for _, a := range attachments {
		lines = append(lines, attachment("→", a))
	}
	p.Print(session, lines...)
}

func attachment(arrow string, m transport.Message) string {
	return fmt.Sprintf("%s %d bytes", arrow, len(m.Data))
}

// printable returns the text as it stands, or quoted if it could disturb a terminal:
// the trace sees it before it is known to be valid.
func printable(text []byte) string {
	s := string(bytes.ToValidUTF8(text, []byte("\uFFFD")))
	if strings.ContainsFunc(s, unicode.IsControl) {
		return strconv.Quote(s)
	}
	return s
}
