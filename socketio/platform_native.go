//go:build !js

package socketio

import (
	"github.com/isosocket/isosocket/transport"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

func defaultPlatform() transport.Platform { return transportnative.Platform(nil) }
