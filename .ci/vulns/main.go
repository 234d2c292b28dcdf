// Command vulns reads the output of govulncheck -format json, of one scan or of
// several, and prints the known vulnerabilities that our code reaches. It exits with
// 1 when one is in a module that we require, or when there was no real scan.
//
// One of the standard library is only told: which Go builds a program is decided by
// who builds it, and no change of this tree mends it.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// message is one of govulncheck's, as far as it matters here.
// https://pkg.go.dev/golang.org/x/vuln/internal/govulncheck#Message
type message struct {
	OSV     *entry
	Finding *finding
}

type entry struct{ ID, Summary string }

type finding struct {
	OSV   string
	Fixed string  `json:"fixed_version"`
	Trace []frame // from the vulnerable function up to ours
}

type frame struct {
	Module, Version, Package, Receiver, Function string

	Position struct {
		Filename string
		Line     int
	}
}

// standard is the name of the standard library among the modules.
const standard = "stdlib"

type report struct {
	entries  map[string]entry
	modules  map[string]finding // by entry and module
	standard map[string]finding // by entry
}

func main() {
	r := report{make(map[string]entry), make(map[string]finding), make(map[string]finding)}
	err := r.read(os.Stdin)
	if err == nil {
		err = r.print(os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "vulns:", err)
		os.Exit(1)
	}
}

func (r *report) read(in io.Reader) error {
	for d := json.NewDecoder(in); ; {
		var m message
		err := d.Decode(&m)
		switch {
		case err == io.EOF && len(r.entries) == 0:
			// Any scan names what was ever found in the standard library.
			return errors.New("no scan, or one against an empty database")
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		if m.OSV != nil {
			r.entries[m.OSV.ID] = *m.OSV
		}
		if m.Finding != nil {
			r.add(*m.Finding)
		}
	}
}

// add takes a finding whose function is reached. Others say no more than that a
// module has a vulnerability somewhere.
func (r *report) add(f finding) {
	switch vulnerable := f.Trace[0]; {
	case vulnerable.Function == "":
	case vulnerable.Module == standard:
		r.standard[f.OSV] = f
	default:
		r.modules[f.OSV+" "+vulnerable.Module] = f
	}
}

func (r *report) print(out io.Writer) error {
	if len(r.standard) > 0 {
		var fixed string
		for _, f := range r.standard {
			if semver.Compare(f.Fixed, fixed) > 0 {
				fixed = f.Fixed
			}
		}
		ids := slices.Sorted(maps.Keys(r.standard))
		fmt.Fprintf(out, "our code reaches known vulnerabilities of this Go's standard library: %s\n", strings.Join(ids, " "))
		if fixed != "" {
			fmt.Fprintf(out, "\tfixed in Go %s\n", strings.TrimPrefix(fixed, "v"))
		}
	}
	if len(r.modules) == 0 {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(r.modules)) {
		f := r.modules[key]
		vulnerable, our := f.Trace[0], f.Trace[len(f.Trace)-1]
		fmt.Fprintf(out, "%s in %s %s: %s\n", f.OSV, vulnerable.Module, vulnerable.Version, r.entries[f.OSV].Summary)
		if f.Fixed != "" {
			fmt.Fprintf(out, "\tfixed in %s\n", f.Fixed)
		}
		fmt.Fprintf(out, "\t%s reaches %s, from %s:%d\n", our, vulnerable, our.Position.Filename, our.Position.Line)
		fmt.Fprintf(out, "\thttps://pkg.go.dev/vuln/%s\n", f.OSV)
	}
	return errors.New("modules that are required have known vulnerabilities")
}

func (f frame) String() string {
	if f.Receiver != "" {
		return f.Package + "." + strings.TrimPrefix(f.Receiver, "*") + "." + f.Function
	}
	return f.Package + "." + f.Function
}
