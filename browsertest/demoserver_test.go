package browsertest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// demoProgram builds the demo, its pages' files included, as `make run` does.
var demoProgram = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "browsertest-demo-")
	if err != nil {
		return "", err
	}
	cleanups = append(cleanups, func() { os.RemoveAll(dir) })
	program := filepath.Join(dir, "demo")
	for _, command := range [][]string{
		{filepath.Join("..", "web", "build.sh")},
		{"go", "build", "-o", program, "../web/demo"},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("browsertest: %v: %w\n%s", command, err, out)
		}
	}
	return program, nil
})

// demoServer is the demo in a process of its own.
type demoServer struct {
	t       *testing.T
	program string
	address string
	cmd     *exec.Cmd // nil while it is stopped
}

func newDemo(t *testing.T) *demoServer {
	t.Helper()
	program, err := demoProgram()
	require.NoError(t, err)
	d := &demoServer{t: t, program: program, address: "127.0.0.1:0"}
	t.Cleanup(d.stop)
	d.start()
	return d
}

var addressLine = regexp.MustCompile(`http://([0-9.:]+)/`)

// start runs the demo, again on the port it had before.
func (d *demoServer) start() {
	cmd := exec.Command(d.program, "-addr", d.address)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(d.t, err)
	require.NoError(d.t, cmd.Start())
	d.cmd = cmd
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(d.t, err, "the demo tells its address")
	found := addressLine.FindStringSubmatch(line)
	require.NotNil(d.t, found, "%q", line)
	d.address = found[1]
}

// stop ends the demo as Ctrl-C does.
func (d *demoServer) stop() {
	if d.cmd == nil {
		return
	}
	d.cmd.Process.Signal(syscall.SIGTERM)
	d.cmd.Wait()
	d.cmd = nil
}

func (d *demoServer) url() string { return "http://" + d.address }
