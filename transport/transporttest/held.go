package transporttest

import (
	"runtime"
	"testing"
)

// Held returns how many bytes of the heap are kept alive by what f returns and by
// whatever else f leaves behind, such as connections that a server goes on serving.
// What f has made and dropped does not count, nor do stacks of goroutines.
//
// Whatever else allocates meanwhile is counted as well, so a test that calls Held must
// not be parallel, and should hold megabytes. f returns when what it has started is
// at rest.
func Held(t testing.TB, f func() (keep any)) (bytes int64) {
	t.Helper()
	before := heap()
	keep := f()
	bytes = heap() - before
	runtime.KeepAlive(keep)
	t.Logf("%d bytes held", bytes)
	return bytes
}

// heap returns how many bytes of the heap are alive.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what a sync.Pool holds survives the first
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
