//go:build js

package socketio

import (
	"github.com/isosocket/isosocket/transport"
	transportjs "github.com/isosocket/isosocket/transport_js"
)

func defaultPlatform() transport.Platform { return transportjs.Platform(nil) }
