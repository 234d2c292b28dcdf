// Command api records the exported API of the library: a text file a package, a line
// a name, sorted, so that a change of the API is a change of a file that reviewers see.
//
//	api OUTPUT MODULE...
//
// OUTPUT is the folder to write, MODULE the folder of each module to look through.
package main

import (
	"errors"
	"fmt"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

const root = "github.com/isosocket/isosocket/"

// programs are the folders whose packages are there to be run or tested, by us.
var programs = []string{".ci", "browsertest", "docs", "wasm", "web"}

type platform struct {
	name, goos, goarch string
	without            []string // folders whose packages are not for it
}

// platforms are the two runtimes. Native is one system wherever this runs, so that
// the record does not depend on the machine.
var platforms = []platform{
	{"native", "linux", "amd64", nil},
	{"js", "js", "wasm", []string{"server"}},
}

// record is what a package exports.
type record struct {
	name      string
	platforms []string            // that the package is there on, in the order of the variable
	lines     map[string][]string // by line, the platforms that it holds on
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: api OUTPUT MODULE...")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "api:", err)
		os.Exit(1)
	}
}

func run(output string, modules []string) error {
	records := make(map[string]*record) // by the package's folder
	for _, p := range platforms {
		for _, dir := range modules {
			if err := add(records, p, dir); err != nil {
				return fmt.Errorf("%s, %s: %w", dir, p.name, err)
			}
		}
	}
	if len(records) == 0 {
		return errors.New("there is no public package")
	}
	for folder, r := range records {
		file := filepath.Join(output, filepath.FromSlash(folder)+".txt")
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(r.String()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// add adds the public packages of the module in dir, as they are on that platform.
func add(records map[string]*record, p platform, dir string) error {
	loaded, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedTypes | packages.NeedImports | packages.NeedDeps,
		Dir:  dir,
		Env:  append(os.Environ(), "GOOS="+p.goos, "GOARCH="+p.goarch, "CGO_ENABLED=0"),
	}, "./...")
	if err != nil {
		return err
	}
	for _, pkg := range loaded {
		folder, ours := strings.CutPrefix(pkg.PkgPath, root)
		if !ours || !p.public(folder, pkg.Name) {
			continue
		}
		if len(pkg.Errors) > 0 {
			return fmt.Errorf("%s: %w", pkg.PkgPath, pkg.Errors[0])
		}
		r := records[folder]
		if r == nil {
			r = &record{name: pkg.Name, lines: make(map[string][]string)}
			records[folder] = r
		}
		r.platforms = append(r.platforms, p.name)
		for line := range exported(pkg.Types) {
			r.lines[line] = append(r.lines[line], p.name)
		}
	}
	return nil
}

// public reports whether others may import the package of a folder there.
func (p platform) public(folder, name string) bool {
	elements := strings.Split(folder, "/")
	return name != "main" && !slices.Contains(programs, elements[0]) && !slices.Contains(elements, "internal") &&
		!slices.Contains(p.without, elements[0])
}

// String is the text of the file. A package or a line that only one platform has
// says which.
func (r *record) String() string {
	var b strings.Builder
	fmt.Fprintln(&b, "package "+r.name+only(r.platforms, len(platforms)))
	for _, line := range slices.Sorted(maps.Keys(r.lines)) {
		fmt.Fprintln(&b, line+only(r.lines[line], len(r.platforms)))
	}
	return b.String()
}

func only(on []string, of int) string {
	if len(on) == of {
		return ""
	}
	return " // " + strings.Join(on, ", ")
}

// exported returns a line for each exported name of a package, each exported field
// and method.
func exported(pkg *types.Package) map[string]bool {
	p := printer{pkg, make(map[string]bool)}
	for _, name := range pkg.Scope().Names() {
		if object := pkg.Scope().Lookup(name); object.Exported() {
			p.object(object)
		}
	}
	return p.lines
}
