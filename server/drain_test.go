package server_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/socketio/event"
)

// What handlers answer is never refused. It stays bounded because none starts while half
// of the send buffer is taken.
func TestNoHandlerStartsWhileMuchWaits(t *testing.T) {
	const events, size, limit = 300, 200_000, 1 << 20
	r := serve(t, &server.Options{SendBufferBytes: limit})
	var handled atomic.Int32
	var most atomic.Int64
	failed := make(chan error, events)
	r.OnConnect(func(s *server.Socket) {
		s.On("ask", func(_ context.Context, m *event.Message) error {
			handled.Add(1)
			if err := m.Ack(strings.Repeat("x", size)); err != nil {
				failed <- err
			}
			most.Store(max(most.Load(), int64(s.Buffered())))
			return nil
		})
	})
	c, s := r.connect()
	for i := range events {
		c.send(fmt.Sprintf(`42%d["ask"]`, i))
	}
	// The client does not read: what is written stays in the system, and then nothing is.
	require.Eventually(r, func() bool { return s.Buffered() > limit/2 }, patience, time.Millisecond)
	require.Less(r, handled.Load(), int32(events))
	for i := range events {
		require.True(r, strings.HasPrefix(string(c.read().Data), fmt.Sprintf("43%d[", i)))
	}
	require.Empty(r, failed)
	require.Less(r, most.Load(), int64(limit/2+2*size))
	c.wantWorks()
}

func TestDrain(t *testing.T) {
	r := serve(t, nil)
	c, s := r.connect()
	require.NoError(r, s.Drain(r.ctx, 0))
	const size, count = 100_000, 400
	sent := make(chan error, 1)
	var most int
	go func() {
		for range count {
			if err := s.Drain(r.ctx, 1<<20); err != nil {
				sent <- err
				return
			}
			if err := s.Emit("x", strings.Repeat("x", size)); err != nil {
				sent <- err
				return
			}
			most = max(most, s.Buffered())
		}
		sent <- s.Drain(r.ctx, 0)
	}()
	for range count {
		c.read()
	}
	require.NoError(r, await(r, sent))
	require.Less(r, most, 1<<20+2*size)
	require.Zero(r, s.Buffered())

	for s.Buffered() < 32<<20 { // more than the system takes, and a closing client discards
		require.NoError(r, s.Emit("x", strings.Repeat("x", 1<<20)))
	}
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(r.ctx)
	cancel(stop)
	require.Equal(r, stop, s.Drain(ctx, 0))
	go func() { sent <- s.Drain(r.ctx, 0) }()
	require.NoError(r, c.conn.Close(0, ""))
	var gone *event.DisconnectError
	require.ErrorAs(r, await(r, sent), &gone)
}

// At the bound a direct Emit is an error, and everything before it arrives.
func TestEmitAtTheBound(t *testing.T) {
	const size = 200_000
	r := serve(t, &server.Options{SendBufferBytes: 1 << 20})
	c, s := r.connect()
	accepted := 0
	var err error
	for err == nil {
		if err = s.Emit("x", accepted, strings.Repeat("x", size)); err == nil {
			accepted++
		}
	}
	require.ErrorIs(r, err, server.ErrBufferFull)
	require.NoError(r, s.Volatile().Emit("x", "is dropped", strings.Repeat("x", size)))
	for i := range accepted {
		require.True(r, strings.HasPrefix(string(c.read().Data), fmt.Sprintf(`42["x",%d,`, i)))
	}
	require.NoError(r, s.Drain(r.ctx, 0))
	require.NoError(r, s.Emit("x", "again"))
	c.want(`42["x","again"]`)
	s.Disconnect(true)
	c.want("41")
	c.wantClosed()
}
