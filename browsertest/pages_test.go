package browsertest

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

//go:embed pages
var pageFiles embed.FS

// pages is the address of the two clients' pages. They are of another origin
// than the servers under test, as an application's page often is.
var pages = sync.OnceValues(func() (string, error) {
	if err := nodeModules(); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "browsertest-pages-")
	if err != nil {
		return "", err
	}
	cleanups = append(cleanups, func() { os.RemoveAll(dir) })
	program := filepath.Join(dir, "scenario.wasm")
	if err := buildWasm(program, "./scenario/wasm"); err != nil {
		return "", err
	}

	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	html, err := fs.Sub(pageFiles, "pages")
	if err != nil {
		return "", err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(html))
	for path, file := range map[string]string{
		"/scenario.wasm":    program,
		"/wasm_exec.js":     filepath.Join(strings.TrimSpace(string(goroot)), "lib", "wasm", "wasm_exec.js"),
		"/scenario.mjs":     filepath.Join("node", "scenario.mjs"),
		"/socket.io.min.js": filepath.Join("node", "node_modules", "socket.io-client", "dist", "socket.io.min.js"),
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			// Not every system knows the type of .mjs, without which a browser runs no module.
			if strings.HasSuffix(file, "js") {
				w.Header().Set("Content-Type", "text/javascript")
			}
			http.ServeFile(w, r, file)
		})
	}
	server := httptest.NewServer(mux)
	cleanups = append(cleanups, server.Close)
	return server.URL, nil
})

// buildWasm compiles a main package for the browser.
func buildWasm(output, pkg string) error {
	build := exec.Command("go", "build", "-trimpath", "-o", output, pkg)
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("browsertest: build %s for js: %w\n%s", pkg, err, out)
	}
	return nil
}
