package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// build compiles testdata/sample as a test binary for js, as go test does.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "sample.test")
	cmd := exec.Command("go", "test", "-c", "-o", binary, "./testdata/sample")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return binary
}

// run is one run of the binary in a runtime, with TMPDIR in a directory that must be empty afterwards.
func run(t *testing.T, node bool, out io.Writer, binary string, env map[string]string, args ...string) (code int, stderr string, err error) {
	t.Helper()
	tmp, err := os.MkdirTemp("", "t") // because Chromium puts a socket into it, whose path has to be short
	require.NoError(t, err)
	t.Setenv("TMPDIR", tmp)
	if env == nil {
		env = make(map[string]string)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var errors bytes.Buffer
	p := &program{path: binary, args: append([]string{binary}, args...), env: env, out: out, err: &errors}
	code, err = p.run(ctx, node)
	left, readErr := os.ReadDir(tmp)
	require.NoError(t, readErr)
	require.Empty(t, left, "temporary files")
	require.NoError(t, os.Remove(tmp))
	return code, errors.String(), err
}

func eachRuntime(t *testing.T, test func(t *testing.T, node bool)) {
	t.Run("chromium", func(t *testing.T) { test(t, false) })
	t.Run("node", func(t *testing.T) { test(t, true) })
}

func TestRun(t *testing.T) {
	binary := build(t)
	t.Chdir("testdata/sample")
	eachRuntime(t, func(t *testing.T, node bool) {
		t.Run("a test that passes", func(t *testing.T) {
			var out bytes.Buffer
			env := map[string]string{"ISOSOCKET_SAMPLE": "grüße"}
			code, _, err := run(t, node, &out, binary, env, "-test.v", "-test.run=Passes|Files|Fuzz", "-test.timeout=1m")
			require.NoError(t, err)
			require.Zero(t, code, "%s", &out)
			require.Contains(t, out.String(), "--- PASS: TestPasses")
			require.Contains(t, out.String(), "variable: grüße")
			require.Contains(t, out.String(), "--- PASS: FuzzCorpus/seed")
			require.NotContains(t, out.String(), "TestFails")
		})
		t.Run("a test that fails", func(t *testing.T) {
			var out bytes.Buffer
			code, _, err := run(t, node, &out, binary, nil, "-test.run=TestFails")
			require.NoError(t, err)
			require.Equal(t, 1, code)
			require.Contains(t, out.String(), "--- FAIL: TestFails")
		})
		t.Run("a panic", func(t *testing.T) {
			code, stderr, err := run(t, node, io.Discard, binary, nil, "-test.run=TestPanics")
			require.NoError(t, err)
			require.Equal(t, 2, code)
			require.Contains(t, stderr, "panic: on purpose")
		})
		t.Run("an exit code", func(t *testing.T) {
			code, _, err := run(t, node, io.Discard, binary, nil, "-test.run=TestExits")
			require.NoError(t, err)
			require.Equal(t, 42, code)
		})
		t.Run("a test that hangs", func(t *testing.T) {
			code, stderr, err := run(t, node, io.Discard, binary, nil, "-test.run=TestHangs", "-test.timeout=100ms")
			require.NoError(t, err)
			require.Equal(t, 2, code)
			require.Contains(t, stderr, "test timed out after 100ms")
		})
		t.Run("a file that an argument names", func(t *testing.T) {
			profile := filepath.Join(t.TempDir(), "trace.txt")
			code, _, err := run(t, node, io.Discard, binary, nil, "-test.run=TestPasses", "-test.testlogfile="+profile)
			require.NoError(t, err)
			require.Zero(t, code)
			content, err := os.ReadFile(profile)
			require.NoError(t, err)
			require.Contains(t, string(content), "getenv ISOSOCKET_SAMPLE")
		})
	})
}

// What is written has to be seen while the program runs, not when it has ended.
func TestOutputIsLive(t *testing.T) {
	binary := build(t)
	eachRuntime(t, func(t *testing.T, node bool) {
		ctx, cancel := context.WithCancel(t.Context())
		reader, writer := io.Pipe()
		p := &program{path: binary, args: []string{binary, "-test.run=TestSpeaksAndHangs"}, env: map[string]string{}, out: writer, err: io.Discard}
		ended := make(chan error)
		go func() {
			_, err := p.run(ctx, node)
			ended <- err
		}()
		said := make([]byte, len("I am alive"))
		_, err := io.ReadFull(reader, said)
		require.NoError(t, err)
		require.Equal(t, "I am alive", string(said))
		go io.Copy(io.Discard, reader) // ends when the pipe is closed
		cancel()                       // as a signal does
		require.ErrorIs(t, <-ended, context.Canceled)
		require.NoError(t, writer.Close())
	})
}

func TestNoProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.wasm")
	_, _, err := run(t, false, io.Discard, path, nil)
	require.ErrorContains(t, err, "TypeError")
}

func TestEnvironment(t *testing.T) {
	environ := []string{"HOME=/root", "GODEBUG=x=1", "ISOSOCKET_A=b=c", "WANTED=yes", "EMPTY="}
	require.Equal(t, map[string]string{
		"GODEBUG":     "x=1",
		"ISOSOCKET_A": "b=c",
		"WANTED":      "yes",
		"EMPTY":       "",
	}, environment(environ, []string{"WANTED", "EMPTY"}))
}
