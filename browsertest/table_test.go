package browsertest

import (
	"fmt"
	"strings"
	"sync"
)

// matrix is what passed, printed for people. Cells are tried at the same time.
type matrix struct {
	mu    sync.Mutex
	cells map[cellName]*tally // guarded by mu
}

type cellName struct{ client, server, transport string }

type tally struct {
	passed, total int
	failed        []string
}

func (m *matrix) set(name cellName, row string, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cells == nil {
		m.cells = make(map[cellName]*tally)
	}
	cell := m.cells[name]
	if cell == nil {
		cell = new(tally)
		m.cells[name] = cell
	}
	cell.total++
	if ok {
		cell.passed++
	} else {
		cell.failed = append(cell.failed, row)
	}
}

// print writes how many rows passed in each cell, and which did not, as Markdown.
func (m *matrix) print() {
	var b strings.Builder
	fmt.Fprintf(&b, "| %-20s | %-15s |", "client", "server")
	for _, transport := range transports {
		fmt.Fprintf(&b, " %-9s |", transport.name)
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(transports)) + "\n")
	for _, client := range clients {
		for _, server := range servers {
			fmt.Fprintf(&b, "| %-20s | %-15s |", client.name, server.name)
			for _, transport := range transports {
				text := "not run"
				if cell := m.cells[cellName{client.name, server.name, transport.name}]; cell != nil {
					text = fmt.Sprintf("%d/%d", cell.passed, cell.total)
					if len(cell.failed) > 0 {
						text += ", not: " + strings.Join(cell.failed, ", ")
					}
				}
				fmt.Fprintf(&b, " %-9s |", text)
			}
			b.WriteString("\n")
		}
	}
	fmt.Print(b.String())
}
