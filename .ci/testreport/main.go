// Command testreport reads the output of go test -json on its standard input and
// prints what a person wants of it: a line per package, the whole output of each
// test that failed, the tables that tests print (lines that begin with "|"), and
// a summary. It exits with 1 when a test failed, was skipped, or none ran.
//
// With -totals FILE it appends "passed failed skipped" to FILE, for a sum over
// several runs.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// event is what `go doc test2json` describes.
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Elapsed    float64
	Output     string
}

type report struct {
	out                     io.Writer
	passed, failed, skipped int
	output                  map[string][]string // of tests and packages that have not ended, by key
	broken                  bool                // a package failed, or a line was no event
}

func main() {
	totals := flag.String("totals", "", "append the counts to this file")
	flag.Parse()
	r := &report{out: os.Stdout, output: make(map[string][]string)}
	if err := r.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped)
	if *totals != "" {
		if err := r.appendTotals(*totals); err != nil {
			fmt.Fprintln(os.Stderr, "testreport:", err)
			os.Exit(1)
		}
	}
	if !r.good() {
		os.Exit(1)
	}
}

func (r *report) good() bool {
	return !r.broken && r.failed == 0 && r.skipped == 0 && r.passed > 0
}

func (r *report) appendTotals(name string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = fmt.Fprintln(f, r.passed, r.failed, r.skipped)
	return err
}

func (r *report) read(in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil || e.Action == "" {
			// Not of test2json: the go command's own words, such as a build error.
			fmt.Fprintln(r.out, lines.Text())
			continue
		}
		r.add(e)
	}
	return lines.Err()
}

func (r *report) add(e event) {
	key := e.Package + "\x00" + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "build-fail":
		r.broken = true
	case "output":
		if strings.HasPrefix(e.Output, "|") {
			fmt.Fprint(r.out, e.Output)
		}
		r.output[key] = append(r.output[key], e.Output)
	case "pass", "fail", "skip":
		r.end(e, key)
	}
}

// end counts a test, or prints the line of a package.
func (r *report) end(e event, key string) {
	output := r.output[key]
	delete(r.output, key)
	if e.Test == "" {
		switch e.Action {
		case "pass":
			fmt.Fprintf(r.out, "ok    %6.1fs  %s\n", e.Elapsed, e.Package)
		case "fail":
			r.broken = true
			r.flush(e.Package)
			fmt.Fprintf(r.out, "FAIL  %6.1fs  %s\n%s", e.Elapsed, e.Package, strings.Join(output, ""))
		}
		return
	}
	switch e.Action {
	case "pass":
		r.passed++
	case "fail":
		r.failed++
		fmt.Fprint(r.out, strings.Join(output, ""))
	case "skip":
		r.skipped++
		fmt.Fprintf(r.out, "a skipped test counts as failed:\n%s", strings.Join(output, ""))
	}
}

// flush prints what the tests of a package said that never ended, as after a panic or a timeout.
func (r *report) flush(pkg string) {
	for key, output := range r.output {
		if strings.HasPrefix(key, pkg+"\x00") {
			fmt.Fprint(r.out, strings.Join(output, ""))
			delete(r.output, key)
		}
	}
}
