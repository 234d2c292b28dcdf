package socketio

import (
	"context"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
)

// watch follows the signals of the platform until stop is called.
func (m *Manager) watch() (stop func()) {
	if m.platform.Watch == nil {
		return func() {}
	}
	// The callback must not block, and in a browser nothing may wait in it: a
	// queue takes over.
	end := m.platform.Watch(func(signal transport.Signal) {
		m.signals.Call(func() { m.react(signal) })
	})
	return func() {
		end()
		m.signals.Wait(context.Background())
	}
}

func (m *Manager) react(signal transport.Signal) {
	m.mu.Lock()
	session := m.session
	switch signal {
	case transport.Suspended:
		m.suspended = !m.opts.KeepWhenSuspended
	case transport.Resumed, transport.Online:
		m.suspended = false
	}
	suspended := m.suspended
	m.mu.Unlock()

	switch {
	case session == nil:
		if signal == transport.Resumed || signal == transport.Online {
			m.hurry()
		}
	case signal == transport.Resumed:
		session.Check()
	case signal == transport.Suspended && suspended:
		session.Abort(engineio.TransportClose, errSuspended)
	case signal == transport.Offline && !m.address.isLoopback():
		session.Abort(engineio.TransportClose, errNetworkLost)
	}
}

// hurry ends the delay before an attempt.
func (m *Manager) hurry() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}
