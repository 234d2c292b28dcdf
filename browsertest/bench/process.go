package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// The servers that are compared.
const (
	ours    = "isosocket"
	node    = "Node"            // the official implementation
	limit   = "coder/websocket" // no Socket.IO, only the WebSocket library that ours stands on
	program = "server.mjs"
)

// process is a server in a process of its own.
type process struct {
	name    string
	address string // host:port
	cmd     *exec.Cmd
	stdin   io.Closer
}

// start runs a server with the handlers of one kind of load, see serve.
func start(ctx context.Context, name, kind string) (*process, error) {
	var cmd *exec.Cmd
	if name == node {
		cmd = exec.CommandContext(ctx, "node", "--expose-gc", program, kind)
	} else {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		cmd = exec.CommandContext(ctx, self, "serve", name, kind)
	}
	s := &process{name: name, cmd: cmd}
	cmd.Stderr = os.Stderr
	var err error
	if s.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var ready struct{ Port int }
	if err := json.NewDecoder(stdout).Decode(&ready); err != nil {
		s.stop()
		return nil, fmt.Errorf("%s did not tell its port: %w", name, err)
	}
	s.address = fmt.Sprintf("127.0.0.1:%d", ready.Port)
	return s, nil
}

// stop ends the server, which ends with its standard input.
func (s *process) stop() {
	s.stdin.Close()
	s.cmd.Wait() // its exit code says nothing that the load has not seen
}

// raw tells whether the server has nothing above WebSocket.
func (s *process) raw() bool { return s.name == limit }

// proc returns the path of a file that the kernel keeps about the server.
func (s *process) proc(file string) string {
	return filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), file)
}

// settle makes the server collect its garbage and give it back to the system. It
// returns how many goroutines there are, 0 for a server without.
func (s *process) settle(ctx context.Context) (goroutines int, err error) {
	body, err := s.fetch(ctx, "/settle")
	if err != nil {
		return 0, err
	}
	var answer struct{ Goroutines int }
	err = json.Unmarshal(body, &answer)
	return answer.Goroutines, err
}

// fetch gets a path from the server. The connection is closed behind it.
func (s *process) fetch(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+path, nil)
	if err != nil {
		return nil, err
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, response.Status)
	}
	return io.ReadAll(response.Body)
}
