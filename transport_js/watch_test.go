//go:build js

package transportjs

import (
	"testing"

	"github.com/hack-pad/safejs"
	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/transport"
)

// surroundings stand for the global object of a page. The events are the runtime's own.
type surroundings struct {
	script
	window, document safejs.Value
}

func newSurroundings() *surroundings {
	s := new(surroundings)
	class := s.get(safejs.Global(), "EventTarget")
	s.window, s.document = s.construct(class), s.construct(class)
	s.set(s.window, "document", s.document)
	return s
}

func (s *surroundings) dispatch(target safejs.Value, name string, properties map[string]any) {
	event := s.construct(s.get(safejs.Global(), "Event"), name)
	for name, value := range properties {
		s.set(event, name, value)
	}
	s.call(target, "dispatchEvent", event)
}

func TestWatchTellsChanges(t *testing.T) {
	watchBorder(t)
	s := newSurroundings()
	var signals []transport.Signal
	expect := func(want ...transport.Signal) {
		t.Helper()
		require.NoError(t, s.err)
		require.Equal(t, want, signals)
		signals = nil
	}
	stop := watcher(s.window)(func(signal transport.Signal) { signals = append(signals, signal) })

	s.dispatch(s.window, "offline", nil)
	expect(transport.Offline)
	s.dispatch(s.window, "online", nil)
	expect(transport.Online)
	s.dispatch(s.window, "pagehide", nil)
	expect(transport.Suspended)
	s.dispatch(s.window, "pageshow", map[string]any{"persisted": true})
	expect(transport.Resumed)
	s.dispatch(s.window, "pageshow", map[string]any{"persisted": false})
	expect()
	s.set(s.document, "visibilityState", "hidden")
	s.dispatch(s.document, "visibilitychange", nil)
	expect()
	s.set(s.document, "visibilityState", "visible")
	s.dispatch(s.document, "visibilitychange", nil)
	expect(transport.Resumed)

	stop()
	stop()
	s.dispatch(s.window, "offline", nil)
	expect()
}

func TestWatchStopsInsideItsFunction(t *testing.T) {
	watchBorder(t)
	s := newSurroundings()
	count := 0
	var stop func()
	stop = watcher(s.window)(func(transport.Signal) { count++; stop() })
	s.dispatch(s.window, "offline", nil)
	s.dispatch(s.window, "online", nil)
	require.NoError(t, s.err)
	require.Equal(t, 1, count)
}

func TestPlatformFitsRuntime(t *testing.T) {
	watchBorder(t)
	global := safejs.Global()
	platform := Platform(nil)
	if !inPage() {
		require.Empty(t, platform.Base)
		require.Nil(t, platform.Watch)
		return
	}
	var s script
	require.Equal(t, s.string(s.get(global, "location", "href")), platform.Base)
	var signals []transport.Signal
	stop := platform.Watch(func(signal transport.Signal) { signals = append(signals, signal) })
	defer stop()
	for _, name := range []string{"offline", "online"} {
		s.call(global, "dispatchEvent", s.construct(s.get(global, "Event"), name))
	}
	require.NoError(t, s.err)
	require.Equal(t, []transport.Signal{transport.Offline, transport.Online}, signals)
}
