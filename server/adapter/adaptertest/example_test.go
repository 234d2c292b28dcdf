package adaptertest_test

import (
	"fmt"

	"github.com/isosocket/isosocket/server/adapter"
	"github.com/isosocket/isosocket/server/adapter/adaptertest"
	"github.com/isosocket/isosocket/server/adapter/memory"
)

// A test of an adapter's own sees what a Socket got.
func ExampleSocket() {
	a := memory.New("/")
	s := adaptertest.NewSocket("one")
	a.Add(s)
	p := &adapter.Packet{}
	p.Data = []byte(`["hello"]`)
	_ = a.Broadcast(p, adapter.Target{})
	for _, got := range s.Delivered() {
		fmt.Println(string(got.Data))
	}
	// Output:
	// ["hello"]
}
