//go:build !linux && !darwin && !js

package transportnative

import "net"

// limitUnsent does nothing: the option is not known here.
func limitUnsent(*net.TCPConn) {}
