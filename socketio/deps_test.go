//go:build !js

package socketio_test

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/isosocket/isosocket/"

// mayImport is the direction of the module: what each package of the library may
// import of its siblings, besides the tests. The programs (wasm, web,
// browsertest) are at the end of every path: no library package may name one.
var mayImport = map[string][]string{
	"transport":                           nil,
	"transport/queue":                     nil,
	"transport/jsontext":                  nil,
	"transport/engineio":                  {"transport", "transport/jsontext"},
	"transport/engineio/internal/session": {"transport", "transport/engineio", "transport/queue"},
	"transport/engineio/client":           {"transport", "transport/engineio", "transport/engineio/internal/session"},
	"transport/engineio/server":           {"transport", "transport/engineio", "transport/engineio/internal/session", "transport_native"},
	"transport/transporttest":             {"transport"},
	"transport_native":                    {"transport"},
	"transport_js":                        {"transport"},
	"socketio/parser/plan":                nil,
	"socketio/parser":                     {"transport", "transport/jsontext", "socketio/parser/plan"},
	"socketio/parser/parsertest":          {"transport", "socketio/parser"},
	"socketio/event":                      {"socketio/parser"},
	"socketio/endpoint":                   {"transport", "transport/queue", "socketio/parser", "socketio/event"},
	"socketio/endpoint/endpointtest":      {"transport", "socketio/parser", "socketio/event", "socketio/endpoint"},
	"socketio":                            {"transport", "transport/engineio", "transport/engineio/client", "transport/queue", "transport_native", "transport_js", "socketio/parser", "socketio/event", "socketio/endpoint"},
	"server/adapter":                      nil,
	"server/adapter/clustertest":          {"server/adapter", "transport/queue"},
	"server/internal/rooms":               nil,
	"server": {"transport", "transport/engineio", "transport/engineio/server", "transport/queue", "socketio/parser", "socketio/event", "socketio/endpoint",
		"server/adapter", "server/internal/rooms"},
}

// programs are not imported by the library, and are free to import it.
var programs = []string{"wasm", "web", "browsertest", ".ci"}

// onlyIn keeps a dependency in the one package that knows it.
var onlyIn = map[string][]string{
	"github.com/coder/websocket":   {"transport_native"},
	"github.com/hack-pad/safejs":   {"transport_js"},
	"syscall/js":                   {"transport_js"},
	"github.com/rs/cors":           {"server"},
	"github.com/stretchr/testify":  {"server/adapter/clustertest", "socketio/parser/parsertest"},
	"github.com/chromedp/chromedp": nil,
}

// notInTheBrowser is what the client must not reach under GOOS=js, and why. The
// figures are of brotli, over an empty program.
var notInTheBrowser = map[string]string{
	"net/http":                   "one named type costs 600 KB, a request 1.5 MB; fetch is there",
	"net":                        "there is no network below fetch and WebSocket",
	"net/url":                    "193 KB; address.go parses what is needed",
	"crypto/tls":                 "the browser does TLS",
	"crypto/rand":                "122 KB; math/rand/v2 is good enough for jitter and cache busting",
	"log/slog":                   "294 KB, even for a nil *Logger; Trace tells what happens",
	"log":                        "Trace tells what happens",
	"regexp":                     "128 KB",
	"testing":                    "test code does not belong into a program",
	"text/template":              "it makes the linker keep every method",
	"html/template":              "it makes the linker keep every method",
	"encoding/gob":               "it is not the wire format",
	"os/exec":                    "there are no processes",
	"compress/gzip":              "the browser decompresses",
	"encoding/json":              "54 KB, with Go 1.27 255 KB; package parser reads and writes JSON",
	"encoding/json/v2":           "310 KB more than that",
	"github.com/coder/websocket": "633 KB, and it loses messages in a browser",
}

type listed struct {
	ImportPath string
	Imports    []string
	Standard   bool
	Module     *struct{ Path string }
}

// list returns the packages of the patterns, and what they depend on.
func list(t *testing.T, goos, goarch string, patterns ...string) []listed {
	t.Helper()
	args := append([]string{"list", "-deps", "-e", "-json=ImportPath,Imports,Standard,Module"}, patterns...)
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	var packages []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		err := d.Decode(&p)
		if err == io.EOF {
			return packages
		}
		require.NoError(t, err)
		packages = append(packages, p)
	}
}

func isProgram(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return slices.Contains(programs, first)
}

func TestImportsGoOneWay(t *testing.T) {
	for _, target := range [][2]string{{"linux", "amd64"}, {"js", "wasm"}} {
		seen := 0
		for _, p := range list(t, target[0], target[1], "./...") {
			name, ours := strings.CutPrefix(p.ImportPath, module)
			if !ours || isProgram(name) {
				continue
			}
			seen++
			allowed, known := mayImport[name]
			require.True(t, known, "package %s has no rule: add one to mayImport", name)
			for _, imported := range p.Imports {
				if sibling, ours := strings.CutPrefix(imported, module); ours {
					require.Contains(t, allowed, sibling, "%s imports %s", name, sibling)
				}
				for dependency, homes := range onlyIn {
					if imported == dependency || strings.HasPrefix(imported, dependency+"/") {
						require.Contains(t, homes, name, "%s imports %s", name, dependency)
					}
				}
			}
		}
		require.Greater(t, seen, 5)
	}
}

func TestServerAndClientDoNotMeet(t *testing.T) {
	for of, never := range map[string]string{"./server": module + "socketio", "./socketio": module + "server"} {
		for _, p := range list(t, "linux", "amd64", of) {
			require.NotEqual(t, never, p.ImportPath, "%s reaches it", of)
		}
	}
}

func TestTheClientInABrowser(t *testing.T) {
	packages := list(t, "js", "wasm", "./socketio")
	require.True(t, slices.ContainsFunc(packages, func(p listed) bool { return p.ImportPath == module+"transport_js" }))
	for _, p := range packages {
		reason, banned := notInTheBrowser[p.ImportPath]
		require.False(t, banned, "socketio reaches %s under js: %s", p.ImportPath, reason)
		require.NotEqual(t, module+"transport_native", p.ImportPath)
		if !p.Standard && !strings.HasPrefix(p.ImportPath, module) {
			require.Equal(t, "github.com/hack-pad/safejs", p.Module.Path, "a new dependency in the browser")
		}
	}
}

// The platforms differ in these two files of the package, and nowhere else.
func TestOnlyThePlatformIsTagged(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var tagged []string
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		if !strings.HasSuffix(file, "_test.go") && strings.Contains(string(source), "//go:build") {
			tagged = append(tagged, file)
		}
	}
	require.Equal(t, []string{"platform_js.go", "platform_native.go"}, tagged)
	for _, file := range tagged {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(string(source), "\nfunc "), file)
	}
}

func TestTheClientIsTheSameOnBothPlatforms(t *testing.T) {
	doc := func(goos, goarch string) string {
		cmd := exec.CommandContext(t.Context(), "go", "doc", "-all", ".")
		cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch)
		out, err := cmd.Output()
		require.NoError(t, err)
		return string(out)
	}
	native := doc("linux", "amd64")
	require.Contains(t, native, "func Dial(")
	require.Equal(t, native, doc("js", "wasm"))
}
