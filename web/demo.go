package web

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/isosocket/isosocket/server"
	"github.com/isosocket/isosocket/web/host"
)

// Demo is the chat on one port: the pages at / and /js/, the Socket.IO server at
// /socket.io/. It is an http.Handler.
type Demo struct {
	io  *server.Server
	mux *http.ServeMux
}

// sendBuffer is what may wait for one client, in bytes. The history of a room is
// sent at once, and must fit.
const sendBuffer = 2 * host.MaxHistoryBytes

// NewDemo returns a demo with empty rooms. Options are those of its Socket.IO
// server, nil for the defaults; the Path must stay.
func NewDemo(options *server.Options) (*Demo, error) {
	var o server.Options
	if options != nil {
		o = *options
	}
	o.SendBufferBytes = max(o.SendBufferBytes, sendBuffer)
	static, err := fs.Sub(embedded, "static")
	if err != nil {
		return nil, fmt.Errorf("web: open the pages: %w", err)
	}
	pages, err := newPages(static)
	if err != nil {
		return nil, err
	}
	d := &Demo{io: server.New(&o), mux: http.NewServeMux()}
	host.New(d.io)
	d.mux.Handle("/socket.io/", d.io)
	d.mux.Handle("/", pages)
	return d, nil
}

// ServeHTTP implements [http.Handler].
func (d *Demo) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.mux.ServeHTTP(w, r) }

// Shutdown closes the chat's connections orderly, see [server.Server.Shutdown]. Clients come back when another demo
// listens in its place.
func (d *Demo) Shutdown(ctx context.Context) error { return d.io.Shutdown(ctx) }
