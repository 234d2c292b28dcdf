package web

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
)

// contentSecurityPolicy lets the pages run their own scripts and wasm, and nothing
// written into them. Trusted types forbid what would make markup of strings.
const contentSecurityPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
	"img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// page is one rendering of page.html.
type page struct {
	Runtime  string // "go" or "js"
	Title    string
	Home     string // its path
	Lead     string
	needs    []string
	Missing  string // what has not been built, empty when all is there
	WasmSize int    // bytes, 0 on a page without
}

// IsGo reports whether the page runs the Go program.
func (p page) IsGo() bool { return p.Runtime == "go" }

var (
	goPage = page{
		Runtime: "go", Title: "in Go", Home: "/",
		Lead:  "This page is a Go program, compiled to WebAssembly. The server is Go too, and they share the declarations of every event.",
		needs: []string{"built/main.wasm", "built/wasm_exec.js"},
	}
	jsPage = page{
		Runtime: "js", Title: "in JavaScript", Home: "/js/",
		Lead:  "This page is plain JavaScript with the official Socket.IO client. It meets the Go pages in the same rooms.",
		needs: []string{"built/socket.io.esm.min.js"},
	}
)

// pages serves the two pages and their files.
type pages struct {
	files map[string]*file // by path without the first slash
	html  map[string]*file // by path
}

// newPages reads everything there is to serve.
func newPages(static fs.FS) (*pages, error) {
	p := &pages{files: make(map[string]*file), html: make(map[string]*file)}
	err := fs.WalkDir(static, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || isEncoded(name) {
			return err
		}
		p.files[name], err = readFile(static, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("web: read the pages: %w", err)
	}
	markup, ok := p.files["page.html"]
	if !ok {
		return nil, errors.New("web: read the pages: page.html is missing")
	}
	delete(p.files, "page.html")
	for _, one := range []page{goPage, jsPage} {
		if p.html[one.Home], err = p.render(one, markup); err != nil {
			return nil, fmt.Errorf("web: render %s: %w", one.Home, err)
		}
	}
	return p, nil
}

// isEncoded reports whether a file is the compressed form of another.
func isEncoded(name string) bool {
	return strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".br")
}

func (p *pages) render(one page, markup *file) (*file, error) {
	for _, name := range one.needs {
		if p.files[name] == nil {
			one.Missing = name
			break
		}
	}
	if wasm := p.files["built/main.wasm"]; wasm != nil && one.IsGo() {
		one.WasmSize = wasm.size
	}
	t, err := template.New("page").Funcs(template.FuncMap{"asset": p.asset}).Parse(string(markup.content()))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, one); err != nil {
		return nil, err
	}
	return newFile("page.html", b.Bytes())
}

// content is the file as it is.
func (f *file) content() []byte { return f.encoded[len(f.encoded)-1].data }

// asset is the URL of a file, with its version, so that browsers need not ask again.
func (p *pages) asset(name string) string {
	if f := p.files[name]; f != nil {
		return "/" + name + "?v=" + f.version
	}
	return "/" + name
}

func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", contentSecurityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "favicon.ico" {
		name = "icon.svg"
	}
	switch {
	case r.URL.Path == "/js":
		http.Redirect(w, r, "/js/", http.StatusMovedPermanently)
	case p.html[r.URL.Path] != nil:
		p.html[r.URL.Path].ServeHTTP(w, r)
	case p.files[name] != nil:
		p.files[name].ServeHTTP(w, r)
	default:
		http.NotFound(w, r)
	}
}
