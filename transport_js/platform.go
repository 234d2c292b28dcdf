//go:build js

package transportjs

import (
	"sync"

	"github.com/hack-pad/safejs"

	"github.com/isosocket/isosocket/transport"
)

// Config is what can be chosen about the requests of a page. Nil and the zero
// value are useful.
type Config struct {
	// Credentials says when fetch sends cookies and takes those of the answer:
	// "omit", "same-origin" or "include". Empty means "same-origin". It has no
	// effect on WebSockets, which always send the cookies of their host.
	// https://fetch.spec.whatwg.org/#concept-request-credentials-mode
	Credentials string
}

// Platform returns what the runtime that executes the program offers. Its fields
// may be used concurrently. Base is empty and Watch is nil where the runtime
// has no location and no events of its own, as in Node.js.
func Platform(config *Config) transport.Platform {
	if config == nil {
		config = new(Config)
	}
	global := safejs.Global()
	return transport.Platform{
		Dialer:       &dialer{natives: sync.OnceValues(findNatives), maxUnread: maxUnread},
		RoundTripper: &roundTripper{credentials: config.Credentials},
		Base:         base(global),
		Watch:        watcher(global),
	}
}

// base is the address of the page, or of the script of a worker.
func base(global safejs.Value) string {
	if location, err := global.Get("location"); err == nil && location.Type() == safejs.TypeObject {
		if href, err := location.Get("href"); err == nil && href.Type() == safejs.TypeString {
			text, _ := href.String()
			return text
		}
	}
	return ""
}
