package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	known = `{"osv": {"id": "GO-1", "summary": "Crash of net/http"}}
{"osv": {"id": "GO-2", "summary": "Endless loop in html"}}
`
	inHTTP = `{"finding": {"osv": "GO-1", "fixed_version": "v1.26.9", "trace": [
	{"module": "stdlib", "version": "v1.26.8", "package": "net/http", "function": "Serve"},
	{"module": "ours", "package": "ours/server", "function": "run", "position": {"filename": "server/run.go", "line": 7}}]}}
`
	inHTML = `{"finding": {"osv": "GO-2", "fixed_version": "v0.62.0", "trace": [
	{"module": "golang.org/x/net", "version": "v0.20.0", "package": "golang.org/x/net/html", "receiver": "*Tokenizer", "function": "Next"},
	{"module": "ours", "package": "ours/page", "function": "read", "position": {"filename": "page/read.go", "line": 11}}]}}
`
	notReached = `{"finding": {"osv": "GO-2", "trace": [{"module": "golang.org/x/net", "version": "v0.20.0", "package": "golang.org/x/net/html"}]}}
`
)

func TestReport(t *testing.T) {
	for name, tc := range map[string]struct {
		in, out, err string
	}{
		"nothing":          {in: `{"config": {}}`, err: "no scan, or one against an empty database"},
		"not a scan":       {in: known + "govulncheck: loading packages", err: "invalid character"},
		"none found":       {in: known},
		"none reached":     {in: known + notReached},
		"standard library": {in: known + inHTTP + inHTTP, out: "our code reaches known vulnerabilities of this Go's standard library: GO-1\n\tfixed in Go 1.26.9\n"},
		"module, in two scans": {in: known + inHTML + known + notReached + inHTML, out: `GO-2 in golang.org/x/net v0.20.0: Endless loop in html
	fixed in v0.62.0
	ours/page.read reaches golang.org/x/net/html.Tokenizer.Next, from page/read.go:11
	https://pkg.go.dev/vuln/GO-2
`, err: "modules that are required have known vulnerabilities"},
	} {
		t.Run(name, func(t *testing.T) {
			r := report{make(map[string]entry), make(map[string]finding), make(map[string]finding)}
			var out strings.Builder
			err := r.read(strings.NewReader(tc.in))
			if err == nil {
				err = r.print(&out)
			}
			if tc.err == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tc.err)
			}
			require.Equal(t, tc.out, out.String())
		})
	}
}
