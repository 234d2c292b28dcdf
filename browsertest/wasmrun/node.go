package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// goRoot returns the root of the toolchain in use, whose wasm_exec.js fits the
// binaries it builds.
func goRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("find the Go toolchain: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// runNode runs the program in Node.js. Version 20 has a WebSocket behind the flag
// only; later ones still accept it. The stack is that of the toolchain's go_js_wasm_exec.
func (p *program) runNode(ctx context.Context, goroot string) (code int, err error) {
	args := []string{"--stack-size=8192", "--experimental-websocket", "--no-warnings", filepath.Join(goroot, "lib/wasm/wasm_exec_node.js")}
	cmd := exec.CommandContext(ctx, "node", append(args, p.args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	for name, value := range p.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdout, cmd.Stderr = p.out, p.err
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Exited() {
		return exit.ExitCode(), nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return 0, err
}
