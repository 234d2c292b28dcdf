package main

import (
	"bytes"
	"fmt"
	"go/types"
	"strings"
)

// printer collects the lines of one package.
type printer struct {
	pkg   *types.Package
	lines map[string]bool
}

func (p printer) line(format string, args ...any) { p.lines[fmt.Sprintf(format, args...)] = true }

// qualify names other packages by their name, and this one not at all.
func (p printer) qualify(other *types.Package) string {
	if other.Path() == p.pkg.Path() {
		return ""
	}
	return other.Name()
}

func (p printer) text(t types.Type) string { return types.TypeString(t, p.qualify) }

func (p printer) signature(f *types.Func) string {
	var b bytes.Buffer
	types.WriteSignature(&b, f.Signature(), p.qualify)
	return f.Name() + b.String()
}

func (p printer) object(object types.Object) {
	switch o := object.(type) {
	case *types.Const:
		declared := o.Name()
		if _, basic := o.Type().(*types.Basic); !basic {
			declared += " " + p.text(o.Type())
		}
		p.line("const %s = %s", declared, o.Val().ExactString())
	case *types.Var:
		p.line("var %s %s", o.Name(), p.text(o.Type()))
	case *types.Func:
		p.line("func %s", p.signature(o))
	case *types.TypeName:
		if named, ok := o.Type().(*types.Named); ok && !o.IsAlias() {
			p.named(named)
			return
		}
		p.line("%s", types.ObjectString(o, p.qualify)) // "type A = B"
	}
}

func (p printer) named(named *types.Named) {
	name := p.text(named)
	switch u := named.Underlying().(type) {
	case *types.Struct:
		p.line("type %s struct", name)
		p.fields(name, u)
	case *types.Interface:
		p.line("type %s interface", name)
		p.elements(name, u)
		return // its methods are its elements
	default:
		p.line("type %s %s", name, p.text(u))
	}
	p.methods(named)
}

// fields prints the exported fields, those that an unexported embedded struct
// promotes included.
func (p printer) fields(name string, s *types.Struct) {
	for f := range s.Fields() {
		switch {
		case f.Exported() && f.Embedded():
			p.line("type %s struct, embedded %s", name, p.text(f.Type()))
		case f.Exported():
			p.line("type %s struct, %s %s", name, f.Name(), p.text(f.Type()))
		case f.Embedded():
			t := f.Type()
			if pointer, ok := t.Underlying().(*types.Pointer); ok {
				t = pointer.Elem()
			}
			if inner, ok := t.Underlying().(*types.Struct); ok {
				p.fields(name, inner)
			}
		}
	}
}

func (p printer) elements(name string, i *types.Interface) {
	for m := range i.Methods() { // those of embedded interfaces too
		if m.Exported() {
			p.line("type %s interface, %s", name, p.signature(m))
		} else {
			// Which they are is nobody's business, but no other package can implement it.
			p.line("type %s interface, unexported methods", name)
		}
	}
	for t := range i.EmbeddedTypes() {
		if _, ok := t.Underlying().(*types.Interface); !ok {
			p.line("type %s interface, %s", name, p.text(t))
		}
	}
}

// methods prints the exported methods of a type and of the pointer to it, promoted
// ones included.
func (p printer) methods(named *types.Named) {
	value := types.NewMethodSet(named)
	for m := range types.NewMethodSet(types.NewPointer(named)).Methods() {
		f := m.Obj().(*types.Func)
		if !f.Exported() {
			continue
		}
		receiver := p.receiver(named)
		if value.Lookup(f.Pkg(), f.Name()) == nil {
			receiver = "*" + receiver
		}
		p.line("method (%s) %s", receiver, p.signature(f))
	}
}

// receiver is the name as methods write it: its type parameters without constraints.
func (p printer) receiver(named *types.Named) string {
	var params []string
	for t := range named.TypeParams().TypeParams() {
		params = append(params, t.Obj().Name())
	}
	if params == nil {
		return named.Obj().Name()
	}
	return named.Obj().Name() + "[" + strings.Join(params, ", ") + "]"
}
