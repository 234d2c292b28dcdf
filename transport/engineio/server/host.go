//go:build !js

package engineserver

import (
	"context"
	"net/http"
	"sync"
	"weak"
)

// hosts are the http.Servers that requests have come through.
type hosts struct {
	byServer sync.Map // of context.Context, by weak.Pointer[http.Server]
}

// down returns a channel that is closed once the http.Server of the request is being
// shut down, which waits for the requests that it serves. It is nil for a request that
// came another way.
func (h *hosts) down(r *http.Request) <-chan struct{} {
	server, _ := r.Context().Value(http.ServerContextKey).(*http.Server)
	if server == nil {
		return nil
	}
	key := weak.Make(server)
	known, ok := h.byServer.Load(key)
	if !ok {
		h.forget()
		ctx, cancel := context.WithCancel(context.Background())
		if known, ok = h.byServer.LoadOrStore(key, ctx); ok {
			cancel()
		} else {
			server.RegisterOnShutdown(cancel)
		}
	}
	return known.(context.Context).Done()
}

// forget forgets the http.Servers that are no more.
func (h *hosts) forget() {
	h.byServer.Range(func(key, _ any) bool {
		if key.(weak.Pointer[http.Server]).Value() == nil {
			h.byServer.Delete(key)
		}
		return true
	})
}
