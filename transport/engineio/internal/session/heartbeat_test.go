package session

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/engineio"
	"github.com/isosocket/isosocket/transport/transporttest"
)

// record is the user of a session.
type record struct {
	closed chan engineio.Reason
}

func (r *record) Receive(transport.Message)                {}
func (r *record) Conclude(engineio.Reason, error)          {}
func (r *record) Expire()                                  {}
func (r *record) Closed(reason engineio.Reason, err error) { r.closed <- reason }

// waiting runs script in a bubble with a session of the end that waits for pings,
// on a WebSocket.
func waiting(t *testing.T, script func(t *testing.T, s *Session, user *record)) {
	synctest.Test(t, func(t *testing.T) {
		conn, peer := transporttest.Pipe(0)
		defer peer.Close(0, "")
		s, user := new(Session), &record{make(chan engineio.Reason, 1)}
		s.Init(&Config{Revision: engineio.Revision4}, "id", WebSocket(conn))
		s.Lock()
		s.Start(user, time.Now(), 25*time.Second, 20*time.Second)
		s.Unlock()
		go s.Read(conn) // ends with the session
		script(t, s, user)
		s.Abort(engineio.ForcedClose, nil)
	})
}

// A program that was frozen finds its timers late: the clock tells, whoever looks
// at it first.
func TestOverdueHeartbeatIsNoticedWithoutTheTimer(t *testing.T) {
	freeze := func(s *Session) {
		s.Lock()
		s.heartbeat.wall = s.heartbeat.wall.Add(-45 * time.Second)
		s.Unlock()
	}
	t.Run("by sending", func(t *testing.T) {
		waiting(t, func(t *testing.T, s *Session, user *record) {
			freeze(s)
			require.ErrorIs(t, s.Send([]transport.Message{{Data: []byte("a")}}, Ordinary), ErrExpired)
			require.Equal(t, engineio.PingTimeout, <-user.closed)
		})
	})
	t.Run("by a signal", func(t *testing.T) {
		waiting(t, func(t *testing.T, s *Session, user *record) {
			s.Check()
			synctest.Wait()
			require.Empty(t, user.closed)
			freeze(s)
			s.Check()
			require.Equal(t, engineio.PingTimeout, <-user.closed)
		})
	})
}

func TestHeartbeatGoesByBothClocks(t *testing.T) {
	begin := time.Now()
	var h heartbeat
	h.start(begin, false, 25*time.Second, 20*time.Second)
	require.False(t, h.expired(begin.Add(45*time.Second-1)))
	require.True(t, h.expired(begin.Add(45*time.Second)))

	h.wall = begin.Round(0).Add(-time.Hour) // the wall clock alone has moved: the system slept
	require.True(t, h.expired(begin.Add(time.Second)))
	h.wall = begin.Round(0).Add(time.Hour) // it was set back
	require.False(t, h.expired(begin.Add(45*time.Second-1)))
	require.True(t, h.expired(begin.Add(45*time.Second)))
}

// The end that waits is not to blame its peer for a ping that it did not read.
func TestHeartbeatOfAnEndThatDoesNotRead(t *testing.T) {
	begin := time.Now()
	var h heartbeat
	h.start(begin, false, 25*time.Second, 20*time.Second)
	h.hold()
	require.Equal(t, beatNone, h.advance(begin.Add(time.Hour), false))
	h.release(begin.Add(time.Hour))
	require.Equal(t, beatNone, h.advance(begin.Add(time.Hour+44*time.Second), false))
	require.Equal(t, beatLost, h.advance(begin.Add(time.Hour+45*time.Second), false))
}

// A long message on its way is a sign of life, in either direction.
func TestHeartbeatOfAPeerThatIsBusy(t *testing.T) {
	begin := time.Now()
	after := func(d time.Duration) time.Time { return begin.Add(d * time.Second) }
	t.Run("waiting for a ping", func(t *testing.T) {
		var h heartbeat
		h.start(begin, false, 25*time.Second, 20*time.Second)
		require.Equal(t, beatNone, h.advance(after(45), true))
		require.Equal(t, after(65), h.due)
		require.Equal(t, beatNone, h.advance(after(65), true))
		require.Equal(t, beatLost, h.advance(after(85), false))
	})
	t.Run("waiting for a pong", func(t *testing.T) {
		var h heartbeat
		h.start(begin, true, 25*time.Second, 20*time.Second)
		require.Equal(t, beatPing, h.advance(after(25), true))
		require.Equal(t, beatNone, h.advance(after(45), true))
		require.Equal(t, after(65), h.due)
		h.left(after(60))
		require.Equal(t, after(80), h.due, "the pong has its time from when the ping has left")
		require.Equal(t, beatLost, h.advance(after(80), false))
	})
}
