//go:build !unix && !js

package transportnative

import (
	"io"
	"net"
)

// newBurst returns a reader of the connection, here the connection.
func newBurst(conn net.Conn) io.Reader { return conn }
