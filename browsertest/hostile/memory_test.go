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

// allocated returns how many bytes were allocated by f, whether they are held or not.
func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}
