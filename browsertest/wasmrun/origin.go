package main

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coder/websocket"

	"github.com/isosocket/isosocket/transport"
	"github.com/isosocket/isosocket/transport/transporttest"
	transportnative "github.com/isosocket/isosocket/transport_native"
)

//go:embed page
var pageFiles embed.FS

// result is how the program ended.
type result struct {
	code int
	err  error
}

// origin is the web server that a page runs the program from. It serves on the loopback
// interface, and the peer under /peer, so that a test needs no second origin.
type origin struct {
	program *program
	url     string
	server  *http.Server
	peer    *transporttest.Server
	result  chan result   // holds the one result
	over    chan struct{} // closed once there is a result
}

func startOrigin(p *program, goroot string) (*origin, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	o := &origin{
		program: p,
		url:     "http://" + listener.Addr().String(),
		peer:    transporttest.NewServer(accept),
		result:  make(chan result, 1),
		over:    make(chan struct{}),
	}
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(files))
	mux.HandleFunc("/favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/wasm_exec.js", serveFile(filepath.Join(goroot, "lib/wasm/wasm_exec.js")))
	mux.HandleFunc("/program.wasm", serveFile(p.path))
	mux.HandleFunc("/program.json", o.serveProgram)
	mux.HandleFunc("/stdio", o.serveStdio)
	mux.Handle("/peer/", http.StripPrefix("/peer", o.peer))
	o.server = &http.Server{Handler: isolated(mux)}
	go o.server.Serve(listener) // ends with close
	return o, nil
}

func (o *origin) close() {
	o.server.Close()
	o.peer.Close()
}

func accept(w http.ResponseWriter, r *http.Request) (transport.Conn, error) {
	return transportnative.Accept(w, r, transportnative.AcceptOptions{AnyOrigin: true})
}

func serveFile(path string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) }
}

// isolated forbids eval, as careful sites do, and isolates the page from others,
// which gives it a clock of 5 µs.
func isolated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "script-src 'self' 'wasm-unsafe-eval'")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Embedder-Policy", "require-corp")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// serveProgram tells the page what the program starts with.
func (o *origin) serveProgram(w http.ResponseWriter, _ *http.Request) {
	cwd, err := os.Getwd()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	files := make(map[string][]byte)
	err = filepath.WalkDir(filepath.Join(cwd, "testdata"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		files[path], err = os.ReadFile(path)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	json.NewEncoder(w).Encode(map[string]any{
		"args":  o.program.args,
		"env":   o.program.env,
		"cwd":   cwd,
		"files": files,
	})
}

// serveStdio takes what the program writes, in binary messages that begin with the
// file descriptor, and in the end one text message that says how it ended.
func (o *origin) serveStdio(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer c.CloseNow()
	c.SetReadLimit(-1)
	for {
		kind, data, err := c.Read(r.Context())
		switch {
		case err != nil:
			o.end(0, fmt.Errorf("the page went away before the program ended: %w", err))
			return
		case kind == websocket.MessageText:
			o.end(o.exit(data))
			return
		case len(data) > 0 && data[0] == 2:
			o.program.err.Write(data[1:])
		case len(data) > 0:
			o.program.out.Write(data[1:])
		}
	}
}

// exit reads the last message of a page.
func (o *origin) exit(data []byte) (code int, err error) {
	var message struct {
		Code  int
		Error string            // why there is no code
		Files map[string][]byte // what the program left outside its temporary directory
	}
	if err := json.Unmarshal(data, &message); err != nil {
		return 0, fmt.Errorf("the page's last message: %w", err)
	}
	if message.Error != "" {
		return 0, errors.New(message.Error)
	}
	for path, content := range message.Files {
		named := func(arg string) bool { return strings.HasSuffix(arg, "="+path) }
		if slices.ContainsFunc(o.program.args, named) {
			err = errors.Join(err, os.WriteFile(path, content, 0o644))
		}
	}
	return message.Code, err
}

// end records the result. Only the first counts.
func (o *origin) end(code int, err error) {
	select {
	case o.result <- result{code, err}:
		close(o.over)
	default:
	}
}

func (o *origin) ended() bool {
	select {
	case <-o.over:
		return true
	default:
		return false
	}
}
