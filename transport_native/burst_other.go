//go:build !unix && !js

package transportnative

import "net"

// newBurst returns nil: there is none here.
func newBurst(net.Conn) source { return nil }
