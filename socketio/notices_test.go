package socketio

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// noted returns what was noted since it was looked at last.
func (d *dialogue) noted() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	log := d.log
	d.log = nil
	return log
}

// A socket that is connected, left and closed again and again, as fast as it goes,
// is told of each of these once and in order, and of nothing after Shutdown.
func TestNoticesInOrder(t *testing.T) {
	play(t, nil, func(d *dialogue) {
		keep, err := d.manager.Socket("/keep", nil) // the session
		require.NoError(d, err)
		d.connect(keep)
		d.unread = true
		p := d.accept()
		p.send(`40/keep,{"sid":"k"}`)
		go func() { // ends with the connection
			for {
				m, err := p.conn.Read(context.Background())
				if err != nil {
					return
				}
				if string(m.Data) == "40" {
					_ = p.conn.Write(context.Background(), textMessage(`40{"sid":"a"}`))
				}
			}
		}()
		for range 2000 {
			s := d.socket("/")
			require.NoError(d, s.Connect(d.Context()))
			s.Disconnect()
			require.NoError(d, s.Shutdown(d.Context()))
			d.note("closed")
			require.Equal(d, []string{"connect", "disconnect: io client disconnect", "closed"}, d.noted())
		}
	})
}
