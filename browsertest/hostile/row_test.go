package hostile

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"text/tabwriter"

	"github.com/isosocket/isosocket/server"
)

// line is a way to reach the server.
type line struct {
	name      string
	tls       bool
	http2     bool // requests go over HTTP/2; a WebSocket has a connection with HTTP/1.1
	websocket bool // sessions begin on a WebSocket
}

var (
	http1     = &line{name: "HTTP1"}
	http2TLS  = &line{name: "HTTP2", tls: true, http2: true}
	h2c       = &line{name: "h2c", http2: true}
	socket    = &line{name: "WebSocket", websocket: true}
	socketTLS = &line{name: "WebSocket_TLS", tls: true, websocket: true}
)

// The lines of a row, by what it is about.
var (
	requests   = []*line{http1, http2TLS, h2c}
	webSockets = []*line{socket, socketTLS}
	all        = slices.Concat(requests, webSockets)
	upgrades   = []*line{http1, http2TLS} // polling there, and a WebSocket beside it
)

// row is one input.
type row struct {
	id      string  // its place in the table, and a name
	input   string  // in short
	lines   []*line // nil: those of the section
	fake    bool    // runs on fake time
	options *server.Options
	app     func(s *stage)
	play    func(s *stage)
}

// play plays rows on each of their lines.
func play(t *testing.T, lines []*line, rows []row) {
	for _, r := range rows {
		t.Run(r.id, func(t *testing.T) {
			on := r.lines
			if on == nil {
				on = lines
			}
			for _, l := range on {
				if r.fake && l.tls {
					continue // its certificate is one of the loopback's
				}
				t.Run(l.name, func(t *testing.T) {
					s := &stage{T: t, line: l, fake: r.fake}
					defer func() { table.add(r.id, r.input, l.name, s.heard(), t.Failed()) }()
					if !r.fake {
						s.perform(&r)
						return
					}
					synctest.Test(t, func(t *testing.T) {
						s.T = t
						s.perform(&r)
					})
				})
			}
		})
	}
}

// table is what was played.
var table results

type results struct{ rows []*result }

// result is a line of the table: the lines on which a row was answered in one way.
type result struct {
	id, input, answer string
	on                []string
	failed            bool
}

func (r *results) add(id, input, on, answer string, failed bool) {
	for _, row := range r.rows {
		if row.id == id && row.answer == answer && row.failed == failed {
			row.on = append(row.on, on)
			return
		}
	}
	r.rows = append(r.rows, &result{id, input, answer, []string{on}, failed})
}

func (r *results) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	played := make(map[string]bool)
	failed := make(map[string]bool)
	for _, row := range r.rows {
		verdict := "ok"
		if row.failed {
			verdict = "FAILED"
			failed[row.id] = true
		}
		played[row.id] = true
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", row.id, row.input, row.answer, strings.Join(row.on, " "), verdict)
	}
	w.Flush()
	if len(played) > 0 {
		fmt.Fprintf(out, "%d rows, %d failed\n", len(played), len(failed))
	}
}
