// Package clustertest is the suite that every adapter must pass, and the adapter of
// servers that are in one process, its first member:
//
//	func TestAdapter(t *testing.T) { clustertest.Run(t, clustertest.New) }
package clustertest
