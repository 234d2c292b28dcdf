// Package adaptertest is the suite that every adapter must pass:
//
//	func TestAdapter(t *testing.T) { adaptertest.Test(t, memory.New) }
package adaptertest
