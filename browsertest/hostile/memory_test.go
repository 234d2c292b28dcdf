package hostile

import "runtime"

// heap returns the bytes that are reachable.
func heap() int {
	runtime.GC()
	runtime.GC() // what a sync.Pool has kept survives one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// held returns how many bytes more are reachable after f. What f sends must have been
// made before, and must be used afterwards.
func held(f func()) int {
	before := heap()
	f()
	return heap() - before
}
