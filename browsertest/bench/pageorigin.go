package main

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed page/*.html page/*.js
var pageFiles embed.FS

// officialClient is installed beside, for the tests too.
const officialClient = "../node/node_modules/socket.io-client/dist/socket.io.min.js"

// origin is the web server that the page comes from and reports to. The server
// that its clients connect to is another one.
type origin struct {
	url     string
	server  *http.Server
	served  chan struct{} // closed when the server has ended
	reports chan pageReport
}

func startOrigin(ctx context.Context, p plan, wasm string) (*origin, error) {
	goroot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	o := &origin{
		url:     "http://" + listener.Addr().String(),
		served:  make(chan struct{}),
		reports: make(chan pageReport),
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	for path, file := range map[string]string{
		"/client.wasm":      wasm,
		"/wasm_exec.js":     filepath.Join(strings.TrimSpace(string(goroot)), "lib", "wasm", "wasm_exec.js"),
		"/socket.io.min.js": officialClient,
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) })
	}
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /plan.json", func(w http.ResponseWriter, _ *http.Request) { json.NewEncoder(w).Encode(p) })
	mux.HandleFunc("POST /report", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case o.reports <- decodeReport(r.Body):
		case <-ctx.Done():
		}
	})
	o.server = &http.Server{Handler: isolated(mux)}
	go func() { // ends with close
		defer close(o.served)
		o.server.Serve(listener)
	}()
	return o, nil
}

func (o *origin) close() {
	o.server.Close()
	<-o.served
}

// isolated keeps a page apart from others, for which browsers give it a clock of
// some microseconds in place of a millisecond.
func isolated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Embedder-Policy", "require-corp")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
