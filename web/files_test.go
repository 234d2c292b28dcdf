package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // servers log what tests provoke
	goleak.VerifyTestMain(m)
}

const wasmContent = "\x00asm not really, but the bytes do not matter here"

// built is the pages as they are embedded, with the files that build.sh makes, of
// which one has both compressed forms, one has gzip only.
func built(t *testing.T) *pages {
	t.Helper()
	files := fstest.MapFS{
		"page.html":                  {Data: []byte(`<html data-runtime="{{.Runtime}}" data-wasm-size="{{.WasmSize}}"><script src="{{asset "loader.js"}}"></script>{{.Missing}}`)},
		"loader.js":                  {Data: []byte("run()")},
		"icon.svg":                   {Data: []byte("<svg/>")},
		"built/main.wasm":            {Data: []byte(wasmContent)},
		"built/main.wasm.br":         {Data: []byte("brotli form")},
		"built/main.wasm.gz":         {Data: []byte("gzip form")},
		"built/wasm_exec.js":         {Data: []byte("class Go {}")},
		"built/wasm_exec.js.gz":      {Data: []byte("gzip form")},
		"built/socket.io.esm.min.js": {Data: []byte("export {}")},
	}
	p, err := newPages(files)
	require.NoError(t, err)
	return p
}

func get(h http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestEncodingIsNegotiated(t *testing.T) {
	p := built(t)
	for accept, want := range map[string]string{
		"":                        "",
		"identity":                "",
		"gzip":                    "gzip",
		"gzip, deflate, br, zstd": "br",
		"GZIP;q=0.5":              "gzip",
		"br;q=0, gzip;q=1.0":      "gzip",
		"br; q=0.0, gzip; q=0":    "",
		"brotli":                  "",
	} {
		w := get(p, "/built/main.wasm", "Accept-Encoding", accept)
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, want, w.Header().Get("Content-Encoding"), "Accept-Encoding: %s", accept)
		require.Equal(t, map[string]string{"": wasmContent, "gzip": "gzip form", "br": "brotli form"}[want], w.Body.String())
		require.Equal(t, "application/wasm", w.Header().Get("Content-Type"))
		require.Equal(t, "Accept-Encoding", w.Header().Get("Vary"))
	}
	require.Equal(t, "gzip", get(p, "/built/wasm_exec.js", "Accept-Encoding", "gzip, br").Header().Get("Content-Encoding"),
		"what was built without brotli is served with gzip")
}

func TestFilesWithoutCompressedFormsAreCompressed(t *testing.T) {
	w := get(built(t), "/loader.js", "Accept-Encoding", "gzip")
	require.Equal(t, "gzip", w.Header().Get("Content-Encoding"))
	r, err := gzip.NewReader(w.Body)
	require.NoError(t, err)
	body, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, "run()", string(body))
}

func TestEntityTags(t *testing.T) {
	p := built(t)
	plain := get(p, "/built/main.wasm").Header().Get("ETag")
	brotli := get(p, "/built/main.wasm", "Accept-Encoding", "br").Header().Get("ETag")
	require.NotEqual(t, plain, brotli, "each form is an entity of its own")

	w := get(p, "/built/main.wasm", "Accept-Encoding", "br", "If-None-Match", brotli)
	require.Equal(t, http.StatusNotModified, w.Code)
	require.Zero(t, w.Body.Len())
	require.Equal(t, http.StatusOK, get(p, "/built/main.wasm", "If-None-Match", brotli).Code)
	require.NotEqual(t, plain, get(p, "/loader.js").Header().Get("ETag"))
}

func TestCaching(t *testing.T) {
	p := built(t)
	require.Equal(t, "no-cache", get(p, "/").Header().Get("Cache-Control"))
	require.Equal(t, "no-cache", get(p, "/loader.js").Header().Get("Cache-Control"))
	require.Equal(t, "no-cache", get(p, "/loader.js?v=another").Header().Get("Cache-Control"), "another version than the one that is served")

	_, after, found := strings.Cut(get(p, "/").Body.String(), `src="`)
	require.True(t, found)
	url, _, _ := strings.Cut(after, `"`)
	require.Contains(t, url, "/loader.js?v=")
	require.Equal(t, "public, max-age=31536000, immutable", get(p, url).Header().Get("Cache-Control"))
}

func TestUnknownExtensionIsRefused(t *testing.T) {
	_, err := newFile("notes.txt", nil)
	require.ErrorContains(t, err, "no media type")
}

func TestCompressIsReproducible(t *testing.T) {
	content := bytes.Repeat([]byte("again "), 1000)
	require.Equal(t, compress(content), compress(content))
	require.Less(t, len(compress(content)), 100)
}
