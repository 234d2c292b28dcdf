package plan

import (
	"slices"
	"strings"
)

// Named is one of several things that are written in the order of their names.
type Named struct {
	Name string // by which it is sorted
	At   int    // where it is
}

// Sort sorts by name. There is one such function, because each that sorts something else
// costs a browser program 2 KB.
func Sort(list []Named) {
	slices.SortFunc(list, func(a, b Named) int { return strings.Compare(a.Name, b.Name) })
}
