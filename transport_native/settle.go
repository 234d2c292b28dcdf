//go:build !js

package transportnative

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
)

// settling is a Settle that waits for a pong.
type settling struct {
	payload [8]byte
	done    chan struct{} // closed by the pong, or by the end of the connection
}

// Settle implements transport.Settler: "a Pong frame sent in response to a Ping frame
// must have identical application data", and comes when all before the ping was received.
// https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3
func (c *conn) Settle(ctx context.Context) {
	s := &settling{done: make(chan struct{})}
	binary.BigEndian.PutUint64(s.payload[:], rand.Uint64())
	c.settling.Store(s)
	if c.ping(s.payload[:]) != nil {
		return
	}
	select {
	case <-s.done:
	case <-ctx.Done():
	}
}

// ponged acts on a pong.
func (c *conn) ponged(payload []byte) {
	s := c.settling.Load()
	if s != nil && string(payload) == string(s.payload[:]) && c.settling.CompareAndSwap(s, nil) {
		close(s.done)
	}
}
