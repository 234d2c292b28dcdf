package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The module of the test has a package with one of everything, and its likes that
// are no business of others.
var source = map[string]string{
	"go.mod": "module github.com/isosocket/isosocket\n\ngo 1.26\n",
	"a/b/b.go": `package b

import "io"

const (
	Answer      = 42
	Open   State = "open"
	hidden      = 1
)

var ErrClosed error

type State string

type Alias = io.Reader

type Pair[K comparable, V any] struct {
	Key   K
	Value V
	seen  bool
}

func NewPair[K comparable, V any](k K, v V) *Pair[K, V] { return nil }

func (p Pair[K, V]) Swap()        {}
func (p *Pair[K, V]) Set(k K) error { return nil }
func (p *Pair[K, V]) unseen()     {}

type base struct{ Size int }

func (base) Len() int { return 0 }

type Box struct {
	*base
	io.Writer
	unseen int
}

type Closed interface {
	io.Closer
	unseen()
}

type Number interface{ ~int | ~string }
`,
	"a/b/native.go":       "//go:build !js\n\npackage b\n\nfunc Native() {}\n",
	"a/b/js.go":           "//go:build js\n\npackage b\n\nfunc JS() {}\n",
	"page/page.go":        "//go:build js\n\npackage page\n\nfunc Open() {}\n",
	"a/internal/c/c.go":   "package c\n\nfunc C() {}\n",
	"cmd/main.go":         "package main\n\nfunc main() {}\n",
	"browsertest/test.go": "package browsertest\n\nfunc Run() {}\n",
}

var want = map[string]string{
	"page.txt": `package page // js
func Open()
`,
	"a/b.txt": `package b
const Answer = 42
const Open State = "open"
func JS() // js
func Native() // native
func NewPair[K comparable, V any](k K, v V) *Pair[K, V]
method (*Pair[K, V]) Set(k K) error
method (Box) Len() int
method (Box) Write(p []byte) (n int, err error)
method (Pair[K, V]) Swap()
type Alias = io.Reader
type Box struct
type Box struct, Size int
type Box struct, embedded io.Writer
type Closed interface
type Closed interface, Close() error
type Closed interface, unexported methods
type Number interface
type Number interface, ~int | ~string
type Pair[K comparable, V any] struct
type Pair[K comparable, V any] struct, Key K
type Pair[K comparable, V any] struct, Value V
type State string
var ErrClosed error
`,
}

func module(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	return dir
}

func TestRecord(t *testing.T) {
	output := t.TempDir()
	require.NoError(t, run(output, []string{module(t, source)}))
	got := make(map[string]string)
	require.NoError(t, filepath.WalkDir(output, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		got[strings.TrimPrefix(filepath.ToSlash(path), filepath.ToSlash(output)+"/")] = string(text)
		return err
	}))
	require.Equal(t, want, got)
}

func TestNoRecord(t *testing.T) {
	for name, tc := range map[string]struct {
		files map[string]string
		err   string
	}{
		"nothing public": {map[string]string{"cmd/main.go": source["cmd/main.go"]}, "there is no public package"},
		"does not compile": {map[string]string{"a/a.go": "package a\n\nfunc A() missing { return nil }\n"},
			"isosocket/a: "},
	} {
		t.Run(name, func(t *testing.T) {
			tc.files["go.mod"] = source["go.mod"]
			require.ErrorContains(t, run(t.TempDir(), []string{module(t, tc.files)}), tc.err)
		})
	}
}
