//go:build !js

package socketio_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEverythingIsDocumented wants a comment at every exported name of the library:
// functions, methods, types, their fields and methods, constants and variables.
func TestEverythingIsDocumented(t *testing.T) {
	for pkg := range mayImport {
		files, err := filepath.Glob(filepath.Join("..", pkg, "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files, pkg)
		documented := false
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
			require.NoError(t, err)
			documented = documented || file.Doc != nil && filepath.Base(name) == "doc.go"
			for _, decl := range file.Decls {
				for _, id := range undocumented(decl) {
					t.Errorf("%v: %s has no comment", fset.Position(id.Pos()), id.Name)
				}
			}
		}
		require.True(t, documented, "%s has no doc.go with the package's comment", pkg)
	}
}

// undocumented returns the exported names that a declaration does not explain.
func undocumented(decl ast.Decl) (names []*ast.Ident) {
	check := func(commented bool, ids ...*ast.Ident) {
		for _, id := range ids {
			if id.IsExported() && !commented {
				names = append(names, id)
			}
		}
	}
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if shown(d) {
			check(d.Doc != nil, d.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				check(s.Doc != nil || s.Comment != nil || d.Doc != nil, s.Names...)
			case *ast.TypeSpec:
				check(s.Doc != nil || d.Doc != nil, s.Name)
				if !s.Name.IsExported() {
					continue
				}
				for _, f := range members(s.Type) {
					check(f.Doc != nil || f.Comment != nil, f.Names...)
				}
			}
		}
	}
	return names
}

// shown reports whether a function is part of what go doc shows, which a method of
// a type that is not exported is not.
func shown(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return false
		}
	}
}

func members(t ast.Expr) []*ast.Field {
	switch t := t.(type) {
	case *ast.StructType:
		return t.Fields.List
	case *ast.InterfaceType:
		return t.Methods.List
	}
	return nil
}
