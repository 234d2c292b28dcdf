package server

import (
	"io"

	"github.com/isosocket/isosocket/socketio/endpoint"
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
	p := endpoint.NewPacketPrinter(w)
	return &Trace{
		SessionOpened: func(s Session) {
			p.Print(s.ID(), "opened: "+s.Transport()+", "+s.Handshake().RemoteAddr)
		},
		SessionUpgraded: func(s Session) { p.Print(s.ID(), "upgraded: "+s.Transport()) },
		SessionClosed:   func(s Session, reason event.Reason, err error) { p.Closed(s.ID(), reason, err) },
		PacketReceived:  func(s Session, m transport.Message) { p.Received(s.ID(), m) },
		PacketSent: func(s Session, text []byte, attachments []transport.Message) {
			p.Sent(s.ID(), text, attachments)
		},
	}
}
