//go:build js

package main

import (
	"strconv"
	"syscall/js"

	"github.com/isosocket/isosocket/web/chat/guest"
)

var transportNames = map[string]string{"polling": "HTTP long-polling", "websocket": "WebSocket"}

// showStatus renders the status line.
func showStatus(s guest.Status) {
	line := element("status")
	connected := s.Link == guest.Connected
	attribute(line, "data-state", string(s.Link))
	flag(line, "data-transport", s.Transport, connected)
	flag(line, "data-upgraded", "true", connected && s.Upgraded)

	transport := ""
	if connected {
		transport = transportNames[s.Transport]
		if s.Upgraded {
			transport += ", upgraded"
		}
	}
	latency := ""
	measured := connected && s.Latency > 0
	if measured {
		latency = strconv.FormatInt(s.Latency.Round(1e6).Milliseconds(), 10)
	}
	flag(line, "data-latency", latency, measured)
	if measured {
		latency += " ms"
	}

	say(element("status-text"), linkText(s))
	say(element("status-transport"), transport)
	say(element("status-latency"), latency)
}

func linkText(s guest.Status) string {
	switch s.Link {
	case guest.Connecting:
		return "Connecting"
	case guest.Connected:
		return "Connected"
	case guest.Offline:
		return "Offline"
	}
	if s.Attempt > 0 {
		return "Reconnecting, attempt " + strconv.Itoa(s.Attempt)
	}
	return "Reconnecting"
}

// say leaves a text alone that has not changed, so that it is not announced again.
func say(e js.Value, s string) {
	if e.Get("textContent").String() != s {
		text(e, s)
	}
}
