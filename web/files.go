package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed static
var embedded embed.FS

// mediaTypes by file extension, of all the files there are. Browsers compile wasm
// while it downloads only with its own type.
var mediaTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".wasm": "application/wasm",
}

// file is a file in every encoding it is served in.
type file struct {
	mediaType string
	size      int    // not encoded
	version   string // of the content, for URLs and entity tags
	encoded   []encoding
}

// encoding is one form of a file. Name is the Content-Encoding, empty for the file as it is.
type encoding struct {
	name string
	data []byte
}

// newFile compresses the content unless precompressed forms are given.
func newFile(name string, content []byte, precompressed ...encoding) (*file, error) {
	mediaType, ok := mediaTypes[path.Ext(name)]
	if !ok {
		return nil, fmt.Errorf("web: %s: no media type for this extension", name)
	}
	if len(precompressed) == 0 {
		precompressed = []encoding{{"gzip", compress(content)}}
	}
	sum := sha256.Sum256(content)
	return &file{
		mediaType: mediaType,
		size:      len(content),
		version:   hex.EncodeToString(sum[:8]),
		encoded:   append(precompressed, encoding{"", content}),
	}, nil
}

func compress(content []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	_, _ = w.Write(content)                               // a Buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// readFile reads a file with the compressed forms that lie beside it, the best first.
func readFile(files fs.FS, name string) (*file, error) {
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	var precompressed []encoding
	for _, form := range []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}} {
		data, err := fs.ReadFile(files, name+form.suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		precompressed = append(precompressed, encoding{form.name, data})
	}
	return newFile(name, content, precompressed...)
}

// ServeHTTP answers with the best encoding that the client accepts. A URL that
// names the version is good for ever; any other is asked for again.
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	form := f.encoded[len(f.encoded)-1]
	for _, e := range f.encoded {
		if e.name == "" || accepts(r.Header.Values("Accept-Encoding"), e.name) {
			form = e
			break
		}
	}
	h := w.Header()
	h.Set("Content-Type", f.mediaType)
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", `"`+f.version+form.name+`"`)
	h.Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == f.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if form.name != "" {
		h.Set("Content-Encoding", form.name)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(form.data))
}

// accepts reports whether an Accept-Encoding header names the encoding, and not with a weight of zero.
// https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
func accepts(headers []string, name string) bool {
	for _, header := range headers {
		for entry := range strings.SplitSeq(header, ",") {
			coding, weight, _ := strings.Cut(entry, ";")
			if !strings.EqualFold(strings.TrimSpace(coding), name) {
				continue
			}
			q, given := strings.CutPrefix(strings.ReplaceAll(weight, " ", ""), "q=")
			return !given || strings.Trim(q, "0.") != ""
		}
	}
	return false
}
