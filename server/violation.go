package server

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/isosocket/isosocket/transport/engineio"
)

// lastAnswers is how long the handlers of what came before a violation have to answer.
const lastAnswers = time.Second

// Conclude implements engineserver.Concluder.
func (c *conn) Conclude(reason engineio.Reason, err error) {
	if !c.failed.Swap(true) {
		c.conclude(reason, err)
	}
}

// conclude closes the connection once what came before was handled and its answers have
// left. Nothing more is received.
func (c *conn) conclude(reason engineio.Reason, err error) {
	c.mu.Lock()
	sockets := c.sitting()
	c.mu.Unlock()
	end := func() { c.session.CloseFor(reason, err) }
	sockets = slices.DeleteFunc(sockets, func(s *Socket) bool { return s.state.Load() == disconnected })
	if len(sockets) == 0 {
		end()
		return
	}
	timer := time.AfterFunc(lastAnswers, end)
	var left atomic.Int32
	left.Store(int32(len(sockets)))
	for _, s := range sockets {
		s.inbox.Call(func() {
			if left.Add(-1) == 0 && timer.Stop() {
				end()
			}
		})
	}
}
