// Package readme holds the test that the README is true.
package readme

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFirstSteps follows the README to the letter: its files go into a new module,
// which must build for both runtimes, and its client must get the answer of its
// server. Only the port is another, one that is free.
func TestFirstSteps(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	readme := strings.ReplaceAll(string(text), "127.0.0.1:3000", freeAddress(t))

	module := t.TempDir()
	files := regexp.MustCompile("(?s)```go\n// file: (\\S+)\n(.*?)```").FindAllStringSubmatch(readme, -1)
	require.Len(t, files, 3)
	for _, f := range files {
		name := filepath.Join(module, f[1])
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(f[2]), 0o644))
	}
	run := func(env []string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir, cmd.Env = module, append(os.Environ(), env...)
		output, err := cmd.CombinedOutput()
		require.NoErrorf(t, err, "%s\n%s", strings.Join(args, " "), output)
		return string(output)
	}
	commands := regexp.MustCompile("(?m)^go mod .*$").FindAllString(readme, -1)
	require.Len(t, commands, 3)
	for _, c := range commands {
		run(nil, strings.Fields(strings.ReplaceAll(c, "/path/to/the/clone", root))...)
	}
	run(nil, "go", "build", "-o", "native", "./client")
	run([]string{"GOOS=js", "GOARCH=wasm"}, "go", "build", "-o", "client.wasm", "./client")
	run(nil, "go", "build", "-o", "server", ".")

	var log bytes.Buffer
	server := exec.Command(filepath.Join(module, "server"))
	server.Stderr = &log
	require.NoError(t, server.Start())
	defer func() {
		server.Process.Kill()
		server.Wait()
		if t.Failed() {
			t.Logf("server: %s", log.String())
		}
	}()
	require.Equal(t, "hello Ada <nil>\n", run(nil, filepath.Join(module, "native")))
}

func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}
