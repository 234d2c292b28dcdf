package scenario

import (
	"context"
	"sync"
	"time"

	"github.com/isosocket/isosocket/socketio"
)

// Verdict is what a client makes of a server that may not be one.
type Verdict struct {
	Error     string `json:"error"`     // of the first attempt to connect, empty when it succeeded
	Again     bool   `json:"again"`     // whether it tried again by itself
	Connected bool   `json:"connected"` // in the end
	Upgrade   string `json:"upgrade"`   // why the connection was not upgraded, empty when it was or had no reason to be
}

// Dial connects to a server that may not be one, and says hello if it is. When
// the client is about to try again it calls repair, which may put a server there.
func Dial(ctx context.Context, url string, transports []string, repair func()) (Verdict, error) {
	var (
		mu sync.Mutex
		v  Verdict // guarded by mu
	)
	settled := make(chan struct{}, 1) // receives when the upgrade is done or has failed
	note := func(change func()) {
		mu.Lock()
		defer mu.Unlock()
		change()
	}
	manager, err := socketio.NewManager(url, &socketio.Options{
		Transports:           transports,
		Timeout:              2 * time.Second,
		ReconnectionAttempts: 8,
		ReconnectionDelay:    50 * time.Millisecond,
		ReconnectionDelayMax: 500 * time.Millisecond,
	})
	if err != nil {
		return v, err
	}
	manager.AddTrace(&socketio.Trace{
		ConnectFailed: func(attempt int, err error) {
			if attempt == 0 {
				note(func() { v.Error = err.Error() })
			}
		},
		ReconnectScheduled: func(attempt int, _ time.Duration) {
			if attempt == 1 {
				note(func() { v.Again = true })
				repair()
			}
		},
		SessionUpgraded: func(socketio.Session) { settled <- struct{}{} },
		UpgradeFailed: func(_ socketio.Session, err error) {
			note(func() { v.Upgrade = err.Error() })
			settled <- struct{}{}
		},
	})
	defer manager.Close()
	err = perform(ctx, url, transports, nil, func(s *stage) {
		socket := s.namespace(&client{manager: manager}, "/", nil)
		s.check(socket.Connect(s.ctx))
		if len(transports) > 1 {
			wait(s, settled)
		}
		s.echoes(socket, "hello")
	})
	note(func() {
		v.Connected = err == nil
		if err != nil && v.Error == "" {
			v.Error = err.Error()
		}
	})
	return v, nil
}
