package guest

import (
	"context"
	"time"

	"github.com/isosocket/isosocket/socketio"
	"github.com/isosocket/isosocket/web/chat"
)

// Network tells the guest what the runtime knows of the network.
func (g *Guest) Network(online bool) {
	g.try(func() {
		g.offline = !online
		g.report(g.status)
	})
}

// trace follows the connection below the socket.
func (g *Guest) trace() *socketio.Trace {
	return &socketio.Trace{
		Connecting: func(attempt int) {
			g.try(func() {
				if attempt > 0 {
					g.report(Status{Link: Reconnecting, Attempt: attempt})
				}
			})
		},
		SessionOpened: func(s socketio.Session) {
			transport := s.Transport()
			g.try(func() { g.status.Transport, g.status.Upgraded = transport, false })
		},
		SessionUpgraded: func(s socketio.Session) {
			transport := s.Transport()
			g.try(func() {
				g.status.Transport, g.status.Upgraded = transport, true
				g.report(g.status)
			})
		},
	}
}

func (g *Guest) connected() {
	g.report(Status{Link: Connected, Transport: g.status.Transport, Upgraded: g.status.Upgraded})
	g.measure()
	g.join()
}

func (g *Guest) disconnected() {
	g.leave()
	if g.socket.Active() { // else Run tells why not
		g.report(Status{Link: Reconnecting})
	}
}

func (g *Guest) report(s Status) {
	g.status = s
	if g.offline && s.Link != Connected {
		s.Link = Offline
	}
	g.view.Status(s)
}

// measure asks the server for an answer and reports how long it took.
func (g *Guest) measure() {
	if g.status.Link != Connected {
		return
	}
	g.ask(func(ctx context.Context) func() {
		start := time.Now()
		_, err := chat.Latency.Request(ctx, g.socket, struct{}{})
		took := time.Since(start)
		return func() {
			if err == nil && g.status.Link == Connected {
				g.status.Latency = took
				g.report(g.status)
			}
		}
	})
}
