package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

// report is a whole run.
type report struct {
	Machine machine      `json:"machine"`
	Results []Result     `json:"results"`
	Page    []PageResult `json:"page,omitempty"`
}

//go:embed benchmarks.md.tmpl
var page string

// print writes the tables of what was measured.
func (r *report) print(w io.Writer) {
	if len(r.Results) > 0 {
		writeTable(w, r.Results)
		fmt.Fprintln(w)
	}
	if len(r.Page) > 0 {
		writePageTable(w, r.Page)
	}
}

// Table is for the page's template.
func (r *report) Table() string {
	var b strings.Builder
	writeTable(&b, r.Results)
	return b.String()
}

// PageTable is for the page's template.
func (r *report) PageTable() string {
	var b strings.Builder
	writePageTable(&b, r.Page)
	return b.String()
}

// write makes benchmarks.json, benchmarks.svg and benchmarks.md in a directory.
func (r *report) write(dir string) error {
	figures, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	t, err := template.New("page").Parse(page)
	if err != nil {
		return err
	}
	var text strings.Builder
	if err := t.Execute(&text, r); err != nil {
		return err
	}
	for name, content := range map[string]string{
		"benchmarks.json": string(figures) + "\n",
		"benchmarks.svg":  plot(allServers, panels(r.Results)),
		"benchmarks.md":   text.String(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}
