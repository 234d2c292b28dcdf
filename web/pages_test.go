package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestPages(t *testing.T) {
	p := built(t)
	w := get(p, "/")
	require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
	require.Contains(t, w.Body.String(), `data-runtime="go" data-wasm-size="`)
	require.NotContains(t, w.Body.String(), `data-wasm-size="0"`)
	require.Contains(t, get(p, "/js/").Body.String(), `data-runtime="js"`)

	w = get(p, "/js")
	require.Equal(t, http.StatusMovedPermanently, w.Code)
	require.Equal(t, "/js/", w.Header().Get("Location"))

	w = get(p, "/favicon.ico")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "image/svg+xml", w.Header().Get("Content-Type"))
}

func TestNotFound(t *testing.T) {
	p := built(t)
	for _, path := range []string{"/nothing", "/page.html", "/built/", "/built/main.wasm.br", "/../go.mod", "//", "/js/main.js"} {
		require.Equal(t, http.StatusNotFound, get(p, path).Code, path)
	}
}

func TestOnlyReading(t *testing.T) {
	p := built(t)
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	require.Equal(t, "GET, HEAD", w.Header().Get("Allow"))

	w = httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/loader.js", nil))
	require.Equal(t, http.StatusOK, w.Code)
	require.Zero(t, w.Body.Len())
}

func TestSecurityHeaders(t *testing.T) {
	for _, path := range []string{"/", "/js/", "/built/main.wasm", "/nothing"} {
		h := get(built(t), path).Header()
		policy := h.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'")
		require.Contains(t, policy, "script-src 'self' 'wasm-unsafe-eval';")
		require.NotContains(t, policy, "unsafe-inline")
		require.NotContains(t, policy, " 'unsafe-eval'")
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
	}
}

// The policy forbids what is written into the page, so nothing may be.
func TestNothingInline(t *testing.T) {
	demo, err := NewDemo(nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, demo.Shutdown(t.Context())) }()
	for _, path := range []string{"/", "/js/"} {
		body := get(demo, path).Body.String()
		require.NotContains(t, body, " style=")
		require.NotContains(t, body, "<style")
		require.NotContains(t, body, " onclick=")
		for script := range strings.SplitSeq(body, "<script") {
			before, _, found := strings.Cut(script, "</script>")
			require.True(t, !found || strings.HasSuffix(before, ">"), "a script with content: %s", before)
		}
	}
}

func TestMissingFilesAreNamed(t *testing.T) {
	p, err := newPages(fstest.MapFS{
		"page.html":       {Data: []byte("[{{.Missing}}]")},
		"built/main.wasm": {Data: []byte(wasmContent)},
	})
	require.NoError(t, err)
	require.Contains(t, get(p, "/").Body.String(), "[built/wasm_exec.js]")
	require.Contains(t, get(p, "/js/").Body.String(), "[built/socket.io.esm.min.js]")

	_, err = newPages(fstest.MapFS{})
	require.ErrorContains(t, err, "page.html is missing")
}
