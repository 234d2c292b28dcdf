package socketio

import (
	"fmt"
	"time"

	"github.com/isosocket/isosocket/transport/engineio"
)

// check returns an error for an option that cannot work.
func (o *Options) check() error {
	for _, d := range [...]struct {
		field string
		value time.Duration
	}{
		{"Timeout", max(o.Timeout, 0)}, // negative means none
		{"ReconnectionDelay", o.ReconnectionDelay},
		{"ReconnectionDelayMax", o.ReconnectionDelayMax},
	} {
		if d.value != 0 && d.value < time.Millisecond {
			return wrong(d.field, d.value, "it must be at least a millisecond; without a unit it is in nanoseconds")
		}
	}
	if o.ReconnectionAttempts < 0 {
		return wrong("ReconnectionAttempts", o.ReconnectionAttempts, "it must not be negative")
	}
	if !(o.RandomizationFactor <= 1) { // NaN is wrong too
		return wrong("RandomizationFactor", o.RandomizationFactor, "it must not be over 1")
	}
	known := o.Transports == nil || len(o.Transports) > 0
	for _, name := range o.transports() {
		known = known && (name == engineio.Polling || name == engineio.WebSocket)
	}
	if !known {
		return wrong("Transports", o.Transports, `there are "polling" and "websocket"`)
	}
	return checkPath(o.Path)
}

func wrong(field string, value any, why string) error {
	return fmt.Errorf("socketio: Options.%s is %v: %s", field, value, why)
}
