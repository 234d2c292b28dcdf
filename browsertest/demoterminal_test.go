package browsertest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDemoInATerminal has three people in one room: one on the Go page, one on the
// JavaScript page, and one in a terminal.
func TestDemoInATerminal(t *testing.T) {
	demo := newDemo(t)
	ann := newGuest(t, "Ann", demo.url()+"/", "go")
	bob := newGuest(t, "Bob", demo.url()+"/js/", "js")
	guests := []*guest{ann, bob}
	keepScreenshots(t, guests...)
	for _, g := range guests {
		g.join()
	}
	carl := newTerminal(t, "Carl", demo.url())
	for _, g := range guests {
		g.expect("everybody is listed", `people().join() === "Ann,Bob,Carl"`)
	}

	const text = "hello from a terminal 🎉"
	carl.say(text)
	for _, g := range guests {
		g.expectMessage(carl.name, text)
	}
	for _, g := range guests {
		g.say("hello Carl, from " + g.name)
		carl.expect(g.name, "hello Carl, from "+g.name)
		g.expect("everybody has it", state("hello Carl, from "+g.name, "delivered"))
	}

	carl.say("/quit")
	require.NoError(t, carl.wait())
	for _, g := range guests {
		g.expect("the terminal has left", `people().join() === "Ann,Bob" && notices("left").some(n => n.includes("Carl"))`)
		require.NoError(t, g.errors(), "the console of %s", g.name)
	}
}

// terminal is a person with the demo's terminal program.
type terminal struct {
	t     *testing.T
	name  string
	stdin io.Writer
	lines chan string // what it prints, closed at its end
	wait  func() error
}

func newTerminal(t *testing.T, name, url string) *terminal {
	program := filepath.Join(t.TempDir(), "terminal")
	out, err := exec.Command("go", "build", "-o", program, "../web/terminal").CombinedOutput()
	require.NoError(t, err, "%s", out)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program, "-url", url, "-name", name)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())

	p := &terminal{t: t, name: name, stdin: stdin, lines: make(chan string, 1000)}
	go func() { // ends with the program, waited for by wait
		defer close(p.lines)
		for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
			p.lines <- scanner.Text()
		}
	}()
	p.wait = func() error {
		for range p.lines {
		}
		return cmd.Wait()
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cancel()
			p.wait()
		}
	})
	return p
}

// say types a line.
func (p *terminal) say(line string) {
	_, err := fmt.Fprintln(p.stdin, line)
	require.NoError(p.t, err)
}

// expect waits for a line with all the parts.
func (p *terminal) expect(parts ...string) {
	p.t.Helper()
	var seen []string
	for line := range p.lines {
		seen = append(seen, line)
		found := 0
		for _, part := range parts {
			if strings.Contains(line, part) {
				found++
			}
		}
		if found == len(parts) {
			return
		}
	}
	require.Fail(p.t, "the terminal ended", "without %q: %q", parts, seen)
}
