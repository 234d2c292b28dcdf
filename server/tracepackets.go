package server

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

// TracePackets returns a trace that writes a line for every packet of every client:
//
//	sio.AddTrace(server.TracePackets(os.Stderr))
//
//	session 1 opened: polling, 127.0.0.1:52592
//	session 1 ← 0
//	session 1 → 0{"sid":"B9HpZ9q3y7RrZ0aNAAAB"}
//	session 1 upgraded: websocket
//	session 1 ← 51-["photo",{"_placeholder":true,"num":0}]
//	session 1 ← 48190 bytes
//	session 1 closed: transport close
//
// Packets are those of Socket.IO, so the "4" of Engine.IO before them is not told.
// Each packet is one Write, of which there is one at a time; a packet sent and what the
// client answers may change places. What clients say is in them, passwords too.
func TracePackets(w io.Writer) *Trace {
	p := &packetPrinter{w: w}
	return &Trace{
		SessionOpened: func(s Session) {
			p.print(s, "opened: "+s.Transport()+", "+s.Handshake().RemoteAddr)
		},
		SessionUpgraded: func(s Session) { p.print(s, "upgraded: "+s.Transport()) },
		SessionClosed: func(s Session, reason event.Reason, err error) {
			if err == nil {
				p.print(s, "closed: "+string(reason))
			} else {
				p.print(s, fmt.Sprintf("closed: %s: %v", reason, err))
			}
		},
		PacketReceived: func(s Session, m transport.Message) {
			if m.Binary {
				p.print(s, fmt.Sprintf("← %d bytes", len(m.Data)))
			} else {
				p.print(s, "← "+printable(m.Data))
			}
		},
		PacketSent: func(s Session, text []byte, attachments []transport.Message) {
			lines := []string{"→ " + printable(text)}
			for _, a := range attachments {
				lines = append(lines, fmt.Sprintf("→ %d bytes", len(a.Data)))
			}
			p.print(s, lines...)
		},
	}
}

type packetPrinter struct {
	mu sync.Mutex
	w  io.Writer // guarded by mu
}

func (p *packetPrinter) print(s Session, lines ...string) {
	var text []byte
	for _, line := range lines {
		text = fmt.Appendf(text, "session %d %s\n", s.ID(), line)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.w.Write(text) // an error that a trace cannot report
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
