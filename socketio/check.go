package socketio

import (
	"cmp"
	"fmt"
	"time"

	"github.com/isosocket/isosocket/transport/engineio"
)

const (
	negative    = "it must not be negative"
	withoutUnit = "a duration without a unit is in nanoseconds, write 5 * time.Second"
)

// check returns an error for an option that cannot work.
func (o *Options) check() error {
	if o.ReconnectionAttempts < 0 {
		return wrong("ReconnectionAttempts", o.ReconnectionAttempts, negative)
	}
	if !(o.RandomizationFactor <= 1) { // NaN is wrong too
		return wrong("RandomizationFactor", o.RandomizationFactor, "it must not be over 1")
	}
	if o.Transports != nil && len(o.Transports) == 0 {
		return wrong("Transports", o.Transports, "a connection needs one")
	}
	for _, name := range o.transports() {
		if name != engineio.Polling && name != engineio.WebSocket {
			return wrong("Transports", o.Transports, `there are "polling" and "websocket"`)
		}
	}
	return cmp.Or(
		checkPath(o.Path),
		checkDuration("Timeout", max(o.Timeout, 0)), // negative means none
		checkDuration("ReconnectionDelay", o.ReconnectionDelay),
		checkDuration("ReconnectionDelayMax", o.ReconnectionDelayMax),
	)
}

func checkDuration(field string, d time.Duration) error {
	switch {
	case d < 0:
		return wrong(field, d, negative)
	case d > 0 && d < time.Millisecond:
		return wrong(field, d, withoutUnit)
	}
	return nil
}

func wrong(field string, value any, why string) error {
	return fmt.Errorf("socketio: Options.%s is %v: %s", field, value, why)
}
