package socketio

import (
	"errors"
	"fmt"
	"time"

	"github.com/isosocket/isosocket/transport/engineio"
)

var (
	errNegative  = errors.New("it must not be negative")
	errUnit      = errors.New("a duration without a unit is in nanoseconds, write 5 * time.Second")
	errFactor    = errors.New("it must not be over 1")
	errTransport = errors.New(`there are "polling" and "websocket"`)
	errNone      = errors.New("a connection needs one")
)

// check returns an error for an option that cannot work.
func (o *Options) check() error {
	for _, d := range [...]struct {
		field string
		value time.Duration
	}{
		{"Timeout", max(o.Timeout, 0)}, // none is a bound that works
		{"ReconnectionDelay", o.ReconnectionDelay},
		{"ReconnectionDelayMax", o.ReconnectionDelayMax},
	} {
		switch {
		case d.value < 0:
			return wrong(d.field, d.value, errNegative)
		case d.value > 0 && d.value < time.Millisecond:
			return wrong(d.field, d.value, errUnit)
		}
	}
	if o.ReconnectionAttempts < 0 {
		return wrong("ReconnectionAttempts", o.ReconnectionAttempts, errNegative)
	}
	if !(o.RandomizationFactor <= 1) { // nor is NaN
		return wrong("RandomizationFactor", o.RandomizationFactor, errFactor)
	}
	if o.Transports != nil && len(o.Transports) == 0 {
		return wrong("Transports", o.Transports, errNone)
	}
	for _, name := range o.transports() {
		if name != engineio.Polling && name != engineio.WebSocket {
			return wrong("Transports", o.Transports, errTransport)
		}
	}
	return checkPath(o.Path)
}

func wrong(field string, value any, why error) error {
	return fmt.Errorf("socketio: Options.%s is %v: %w", field, value, why)
}
