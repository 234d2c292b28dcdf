// Command wasmrun runs a Go program compiled for js/wasm in headless Chromium, or
// in Node.js, as if it had been started from the command line. It is meant for go test:
//
//	go build -o /tmp/wasmrun ./browsertest/wasmrun
//	GOOS=js GOARCH=wasm go test -exec /tmp/wasmrun ./transport_js/
//	GOOS=js GOARCH=wasm go test -exec "/tmp/wasmrun -node" ./transport_js/
//
// Output appears as it is written, and the program's exit code is that of wasmrun. The
// page forbids eval by its content security policy.
//
// # Environment
//
// The environment and the arguments of a wasm program have to fit into 8 KB, so it
// gets only the variables that begin with ISOSOCKET_, GODEBUG, and those named by -env.
// ISOSOCKET_PEER is the URL of a [transporttest.Server].
//
// # Files
//
// In a browser the program sees a file system in memory: an empty temporary
// directory, and its working directory with a copy of testdata. A file that an
// argument names, such as -test.coverprofile, is written to disk at the end; other changes
// are lost. In Node.js it sees the real one.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// failed is the exit code for a program that could not be run to its end.
const failed = 2

func main() {
	flags := flag.NewFlagSet("wasmrun", flag.ExitOnError)
	node := flags.Bool("node", false, "run in Node.js")
	env := flags.String("env", "", "comma-separated `names` of further variables to pass on")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: wasmrun [flags] program.wasm [arguments]")
		flags.PrintDefaults()
	}
	flags.Parse(os.Args[1:])
	if flags.NArg() == 0 {
		flags.Usage()
		os.Exit(failed)
	}
	// go test ends a program that hangs with SIGQUIT.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	p := &program{
		path: flags.Arg(0),
		args: flags.Args(),
		env:  environment(os.Environ(), strings.Split(*env, ",")),
		out:  os.Stdout,
		err:  os.Stderr,
	}
	code, err := p.run(ctx, *node)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "wasmrun:", err)
		code = failed
	}
	os.Exit(code)
}

// program is one run of a wasm binary.
type program struct {
	path     string
	args     []string // the first is the program's name
	env      map[string]string
	out, err io.Writer
}

// run returns the exit code of the program. The error says why it did not get to its end.
func (p *program) run(ctx context.Context, node bool) (code int, err error) {
	goroot, err := goRoot(ctx)
	if err != nil {
		return 0, err
	}
	o, err := startOrigin(p, goroot)
	if err != nil {
		return 0, err
	}
	defer o.close()
	p.env["ISOSOCKET_PEER"] = o.url + "/peer"
	if node {
		return p.runNode(ctx, goroot)
	}
	return p.runChromium(ctx, o)
}

// environment picks the variables that the program gets.
func environment(environ, names []string) map[string]string {
	env := make(map[string]string)
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if name == "GODEBUG" || strings.HasPrefix(name, "ISOSOCKET_") {
			env[name] = value
		}
		for _, n := range names {
			if n == name {
				env[name] = value
			}
		}
	}
	return env
}
