//go:build js

package transportjs

import (
	"github.com/hack-pad/safejs"

	"github.com/isosocket/isosocket/transport"
)

// watcher returns Platform.Watch, nil in a runtime without events of its own. A worker has
// online and offline only, and no document.
func watcher(global safejs.Value) func(fn func(transport.Signal)) (stop func()) {
	if !hasListeners(global) {
		return nil
	}
	return func(fn func(transport.Signal)) (stop func()) {
		var (
			s         script
			callbacks callbacks
		)
		listen := func(target safejs.Value, event string, signal transport.Signal, applies func(event safejs.Value) bool) {
			callbacks.listen(&s, target, event, callbacks.lend(&s, func(args []safejs.Value) {
				if applies == nil || applies(args[0]) {
					fn(signal)
				}
			}))
		}
		listen(global, "offline", transport.Offline, nil)
		listen(global, "online", transport.Online, nil)
		listen(global, "pagehide", transport.Suspended, nil)
		listen(global, "pageshow", transport.Resumed, persisted)
		if document, err := global.Get("document"); err == nil && hasListeners(document) {
			listen(document, "visibilitychange", transport.Resumed, func(safejs.Value) bool { return visible(document) })
		}
		return callbacks.release
	}
}

func hasListeners(v safejs.Value) bool {
	method, err := v.Get("addEventListener")
	return err == nil && method.Type() == safejs.TypeFunction
}

// persisted tells a page that comes back from the back-forward cache from one
// that was just loaded.
func persisted(event safejs.Value) bool {
	value, err := event.Get("persisted")
	if err != nil {
		return false
	}
	truthy, _ := value.Truthy()
	return truthy
}

func visible(document safejs.Value) bool {
	var s script
	return s.string(s.get(document, "visibilityState")) == "visible"
}
