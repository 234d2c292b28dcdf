package socketio

import "time"

// Trace tells what happens on a connection, for logs, metrics and status lines. A
// nil function is not called; a nil *Trace costs one comparison.
//
// The functions run where the thing happens, in part while the connection waits
// for them: they must return soon, and must not call Close.
type Trace struct {
	// Connecting is called before each attempt to open a connection: 0 is the
	// first one, n the n-th attempt to reconnect.
	Connecting func(attempt int)

	// ConnectFailed is called when an attempt failed.
	ConnectFailed func(attempt int, err error)

	// TransportOpened is called when a connection is open: sid is the Engine.IO
	// session's, transport "polling" or "websocket". Namespaces connect next.
	TransportOpened func(sid, transport string)

	// Upgraded is called when the connection moved from polling to transport.
	Upgraded func(transport string)

	// UpgradeFailed is called when it could not. The connection goes on with
	// polling.
	UpgradeFailed func(err error)

	// PingReceived is called for each ping of the server; it has been answered.
	PingReceived func()

	// Closed is called when an open connection ended.
	Closed func(reason Reason, err error)

	// ReconnectScheduled is called when the n-th attempt to reconnect will be
	// made after delay.
	ReconnectScheduled func(attempt int, delay time.Duration)

	// GaveUp is called when nothing more will be tried, with what the last
	// attempt met.
	GaveUp func(err error)
}

func (t *Trace) connecting(attempt int) {
	if t != nil && t.Connecting != nil {
		t.Connecting(attempt)
	}
}

func (t *Trace) connectFailed(attempt int, err error) {
	if t != nil && t.ConnectFailed != nil {
		t.ConnectFailed(attempt, err)
	}
}

func (t *Trace) transportOpened(sid, transport string) {
	if t != nil && t.TransportOpened != nil {
		t.TransportOpened(sid, transport)
	}
}

func (t *Trace) upgraded(transport string) {
	if t != nil && t.Upgraded != nil {
		t.Upgraded(transport)
	}
}

func (t *Trace) upgradeFailed(err error) {
	if t != nil && t.UpgradeFailed != nil {
		t.UpgradeFailed(err)
	}
}

func (t *Trace) pingReceived() {
	if t != nil && t.PingReceived != nil {
		t.PingReceived()
	}
}

func (t *Trace) closed(reason Reason, err error) {
	if t != nil && t.Closed != nil {
		t.Closed(reason, err)
	}
}

func (t *Trace) reconnectScheduled(attempt int, delay time.Duration) {
	if t != nil && t.ReconnectScheduled != nil {
		t.ReconnectScheduled(attempt, delay)
	}
}

func (t *Trace) gaveUp(err error) {
	if t != nil && t.GaveUp != nil {
		t.GaveUp(err)
	}
}
