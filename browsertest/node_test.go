package browsertest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/isosocket/isosocket/browsertest/scenario"
)

// nodeModules installs the official packages when they are missing.
var nodeModules = sync.OnceValue(func() error {
	if _, err := os.Stat(filepath.Join("node", "node_modules", "socket.io-client", "package.json")); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	install := exec.Command("npm", "ci", "--no-audit", "--no-fund")
	install.Dir = "node"
	if out, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("browsertest: npm ci: %w\n%s", err, out)
	}
	return nil
})

// nodeLine is a line that a program in node/ prints.
type nodeLine struct {
	Port     int
	Restart  bool
	Failures *[]string
	scenario.Result
}

// nodeServer is the official server in a process of its own.
type nodeServer struct {
	t     *testing.T
	mode  string // see node/server.mjs
	port  int
	cmd   *exec.Cmd
	stdin io.Closer
}

func newNodeServer(t *testing.T, mode string) *nodeServer {
	t.Helper()
	require.NoError(t, nodeModules())
	s := &nodeServer{t: t, mode: mode}
	require.NoError(t, s.start())
	t.Cleanup(s.kill)
	return s
}

func (s *nodeServer) start() error {
	s.cmd = exec.Command("node", "server.mjs", strconv.Itoa(s.port), s.mode)
	s.cmd.Dir = "node"
	s.cmd.Stderr = os.Stderr
	// The process ends with its standard input, also when the test is killed.
	stdin, err := s.cmd.StdinPipe()
	if err != nil {
		return err
	}
	s.stdin = stdin
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	var line nodeLine
	if err := json.NewDecoder(stdout).Decode(&line); err != nil {
		return fmt.Errorf("browsertest: the official server's port: %w", err)
	}
	s.port = line.Port
	return nil
}

func (s *nodeServer) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

func (s *nodeServer) url() string { return fmt.Sprintf("http://127.0.0.1:%d", s.port) }

func (s *nodeServer) restart() error {
	s.kill()
	return s.start()
}

// runNodeClient runs node/client.mjs and calls fn with each line that it prints.
func runNodeClient(ctx context.Context, fn func(nodeLine), args ...string) error {
	if err := nodeModules(); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "node", append([]string{"client.mjs"}, args...)...)
	cmd.Dir = "node"
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line nodeLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return errors.Join(fmt.Errorf("browsertest: line of the official client: %w", err), cmd.Wait())
		}
		fn(line)
	}
	return errors.Join(lines.Err(), cmd.Wait())
}
